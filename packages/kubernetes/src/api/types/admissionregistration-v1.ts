// Made by scripts/generate-schema.ts from the public Go types. Do not edit.

import type { Condition, LabelSelector, ListMeta, ObjectMeta } from './meta-v1.ts'

export interface Rule {
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
}

export interface ValidatingAdmissionPolicy {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: ValidatingAdmissionPolicySpec
  status?: ValidatingAdmissionPolicyStatus
}

export interface ValidatingAdmissionPolicyStatus {
  observedGeneration?: number
  typeChecking?: TypeChecking
  conditions?: Condition[]
}

export interface TypeChecking {
  expressionWarnings?: ExpressionWarning[]
}

export interface ExpressionWarning {
  fieldRef: string
  warning: string
}

export interface ValidatingAdmissionPolicyList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: ValidatingAdmissionPolicy[]
}

export interface ValidatingAdmissionPolicySpec {
  paramKind?: ParamKind
  matchConstraints?: MatchResources
  validations?: Validation[]
  failurePolicy?: string
  auditAnnotations?: AuditAnnotation[]
  matchConditions?: MatchCondition[]
  variables?: Variable[]
}

export interface ParamKind {
  apiVersion?: string
  kind?: string
}

export interface Validation {
  expression: string
  message?: string
  reason?: string
  messageExpression?: string
}

export interface Variable {
  name: string
  expression: string
}

export interface AuditAnnotation {
  key: string
  valueExpression: string
}

export interface ValidatingAdmissionPolicyBinding {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec: ValidatingAdmissionPolicyBindingSpec
}

export interface ValidatingAdmissionPolicyBindingList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: ValidatingAdmissionPolicyBinding[]
}

export interface ValidatingAdmissionPolicyBindingSpec {
  policyName: string
  paramRef?: ParamRef
  matchResources?: MatchResources
  validationActions: string[]
}

export interface ParamRef {
  name?: string
  namespace?: string
  selector?: LabelSelector
  parameterNotFoundAction?: string
}

export interface MatchResources {
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  resourceRules?: NamedRuleWithOperations[]
  excludeResourceRules?: NamedRuleWithOperations[]
  matchPolicy?: string
}

export interface NamedRuleWithOperations {
  resourceNames?: string[]
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
}

export interface ValidatingWebhookConfiguration {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  webhooks?: ValidatingWebhook[]
}

export interface ValidatingWebhookConfigurationList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: ValidatingWebhookConfiguration[]
}

export interface MutatingWebhookConfiguration {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  webhooks?: MutatingWebhook[]
}

export interface MutatingWebhookConfigurationList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: MutatingWebhookConfiguration[]
}

export interface ValidatingWebhook {
  name: string
  clientConfig: WebhookClientConfig
  rules?: RuleWithOperations[]
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  sideEffects: string
  timeoutSeconds?: number
  admissionReviewVersions: string[]
  matchConditions?: MatchCondition[]
}

export interface MutatingWebhook {
  name: string
  clientConfig: WebhookClientConfig
  rules?: RuleWithOperations[]
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  sideEffects: string
  timeoutSeconds?: number
  admissionReviewVersions: string[]
  reinvocationPolicy?: string
  matchConditions?: MatchCondition[]
}

export interface MutatingAdmissionPolicy {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: MutatingAdmissionPolicySpec
}

export interface MutatingAdmissionPolicyList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: MutatingAdmissionPolicy[]
}

export interface MutatingAdmissionPolicySpec {
  paramKind?: ParamKind
  matchConstraints?: MatchResources
  variables?: Variable[]
  mutations?: Mutation[]
  failurePolicy?: string
  matchConditions?: MatchCondition[]
  reinvocationPolicy?: string
}

export interface Mutation {
  patchType: string
  applyConfiguration?: ApplyConfiguration
  jsonPatch?: JSONPatch
}

export interface ApplyConfiguration {
  expression?: string
}

export interface JSONPatch {
  expression?: string
}

export interface MutatingAdmissionPolicyBinding {
  kind?: string
  apiVersion?: string
  metadata: ObjectMeta
  spec?: MutatingAdmissionPolicyBindingSpec
}

export interface MutatingAdmissionPolicyBindingList {
  kind?: string
  apiVersion?: string
  metadata: ListMeta
  items: MutatingAdmissionPolicyBinding[]
}

export interface MutatingAdmissionPolicyBindingSpec {
  policyName?: string
  paramRef?: ParamRef
  matchResources?: MatchResources
}

export interface RuleWithOperations {
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
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

export interface MatchCondition {
  name: string
  expression: string
}
