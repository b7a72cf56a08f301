// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { ListMeta, ObjectMeta } from './meta-v1.ts'

export interface PriorityClass {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  value?: number
  globalDefault?: boolean
  description?: string
  preemptionPolicy?: string
}

export interface PriorityClassList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: PriorityClass[]
}
