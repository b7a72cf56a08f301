// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { Json } from '../kube-object.ts'
import type { ListMeta, ObjectMeta, Status } from './meta-v1.ts'

export interface CustomResourceDefinitionSpec {
  group: string
  names: CustomResourceDefinitionNames
  scope: string
  versions: CustomResourceDefinitionVersion[]
  conversion?: CustomResourceConversion
  preserveUnknownFields?: boolean
}

export interface CustomResourceConversion {
  strategy: string
  webhook?: WebhookConversion
}

export interface WebhookConversion {
  clientConfig?: WebhookClientConfig
  conversionReviewVersions: string[]
}

export interface WebhookClientConfig {
  url?: string
  service?: ServiceReference
  caBundle?: string
}

export interface ServiceReference {
  namespace: string
  name: string
  path?: string
  port?: number
}

export interface CustomResourceDefinitionVersion {
  name: string
  served: boolean
  storage: boolean
  deprecated?: boolean
  deprecationWarning?: string
  schema?: CustomResourceValidation
  subresources?: CustomResourceSubresources
  additionalPrinterColumns?: CustomResourceColumnDefinition[]
  selectableFields?: SelectableField[]
}

export interface SelectableField {
  jsonPath: string
}

export interface CustomResourceColumnDefinition {
  name: string
  type: string
  format?: string
  description?: string
  priority?: number
  jsonPath: string
}

export interface CustomResourceDefinitionNames {
  plural: string
  singular?: string
  shortNames?: string[]
  kind: string
  listKind?: string
  categories?: string[]
}

export interface CustomResourceDefinitionCondition {
  type: string
  status: string
  lastTransitionTime?: string
  reason?: string
  message?: string
  observedGeneration?: number
}

export interface CustomResourceDefinitionStatus {
  conditions?: CustomResourceDefinitionCondition[]
  acceptedNames?: CustomResourceDefinitionNames
  storedVersions?: string[]
  observedGeneration?: number
}

export interface CustomResourceDefinition {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec: CustomResourceDefinitionSpec
  status?: CustomResourceDefinitionStatus
}

export interface CustomResourceDefinitionList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: CustomResourceDefinition[]
}

export interface CustomResourceValidation {
  openAPIV3Schema?: JSONSchemaProps
}

export interface CustomResourceSubresources {
  status?: CustomResourceSubresourceStatus
  scale?: CustomResourceSubresourceScale
}

export type CustomResourceSubresourceStatus = Record<string, never>

export interface CustomResourceSubresourceScale {
  specReplicasPath: string
  statusReplicasPath: string
  labelSelectorPath?: string
}

export interface ConversionReview {
  kind?: string
  apiVersion?: string
  request?: ConversionRequest
  response?: ConversionResponse
}

export interface ConversionRequest {
  uid: string
  desiredAPIVersion: string
  objects: Json[]
}

export interface ConversionResponse {
  uid: string
  convertedObjects: Json[]
  result: Status
}

export interface JSONSchemaProps {
  id?: string
  $schema?: string
  $ref?: string
  description?: string
  type?: string
  format?: string
  title?: string
  default?: Json
  maximum?: number
  exclusiveMaximum?: boolean
  minimum?: number
  exclusiveMinimum?: boolean
  maxLength?: number
  minLength?: number
  pattern?: string
  maxItems?: number
  minItems?: number
  uniqueItems?: boolean
  multipleOf?: number
  enum?: Json[]
  maxProperties?: number
  minProperties?: number
  required?: string[]
  items?: Json
  allOf?: JSONSchemaProps[]
  oneOf?: JSONSchemaProps[]
  anyOf?: JSONSchemaProps[]
  not?: JSONSchemaProps
  properties?: Record<string, JSONSchemaProps>
  additionalProperties?: Json
  patternProperties?: Record<string, JSONSchemaProps>
  dependencies?: Record<string, Json>
  additionalItems?: Json
  definitions?: Record<string, JSONSchemaProps>
  externalDocs?: ExternalDocumentation
  example?: Json
  nullable?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-list-type'?: string
  'x-kubernetes-map-type'?: string
  'x-kubernetes-validations'?: ValidationRule[]
}

export interface ValidationRule {
  rule: string
  message?: string
  messageExpression?: string
  reason?: string
  fieldPath?: string
  optionalOldSelf?: boolean
}

export interface ExternalDocumentation {
  description?: string
  url?: string
}
