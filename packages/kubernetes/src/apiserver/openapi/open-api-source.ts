import type { ResourceInfo } from '../../api/resource-info.ts'

/** What OpenAPI documents are made of. */
export interface OpenApiSource {
  /** Everything served now, built-in and custom. */
  resources(): readonly ResourceInfo[]
  /** `openAPIV3Schema` of a custom resource's version, as its definition has it. */
  customSchema(resource: ResourceInfo): unknown
}
