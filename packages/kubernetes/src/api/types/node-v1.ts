// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { Toleration } from './core-v1.ts'
import type { ListMeta, ObjectMeta } from './meta-v1.ts'

export interface RuntimeClass {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  handler: string
  overhead?: Overhead
  scheduling?: Scheduling
}

export interface Overhead {
  podFixed?: Record<string, string>
}

export interface Scheduling {
  nodeSelector?: Record<string, string>
  tolerations?: Toleration[]
}

export interface RuntimeClassList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: RuntimeClass[]
}
