// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { GroupVersionKind, ListMeta, ObjectMeta } from './meta-v1.ts'

export interface APIGroupDiscoveryList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: APIGroupDiscovery[]
}

export interface APIGroupDiscovery {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  versions?: APIVersionDiscovery[]
}

export interface APIVersionDiscovery {
  version: string
  resources?: APIResourceDiscovery[]
  freshness?: string
}

export interface APIResourceDiscovery {
  resource: string
  responseKind?: GroupVersionKind
  scope: string
  singularResource: string
  verbs: string[]
  shortNames?: string[]
  categories?: string[]
  subresources?: APISubresourceDiscovery[]
}

export interface APISubresourceDiscovery {
  subresource: string
  responseKind?: GroupVersionKind
  acceptedTypes?: GroupVersionKind[]
  verbs: string[]
}
