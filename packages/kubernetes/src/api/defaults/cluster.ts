import { toTime } from '../time.ts'
import type {
  MatchResources,
  MutatingWebhook,
  RuleWithOperations,
  ValidatingAdmissionPolicySpec,
  ValidatingWebhook,
} from '../types/admissionregistration-v1.ts'
import type { CustomResourceDefinition } from '../types/apiextensions-v1.ts'
import type { TokenRequestSpec } from '../types/authentication-v1.ts'
import type { EndpointPort } from '../types/discovery-v1.ts'
import type {
  ExemptPriorityLevelConfiguration,
  FlowSchemaSpec,
  LimitedPriorityLevelConfiguration,
  QueuingConfiguration,
} from '../types/flowcontrol-v1.ts'
import type { IngressClass, NetworkPolicy, NetworkPolicyPort } from '../types/networking-v1.ts'
import type { RoleBinding, Subject } from '../types/rbac-v1.ts'
import type { Device, DeviceTaint, ExactDeviceRequest } from '../types/resource-v1.ts'
import type { PriorityClass } from '../types/scheduling-v1.ts'
import type { CSIDriver, StorageClass } from '../types/storage-v1.ts'
import type { StructDefaults } from './struct-defaults.ts'

const rbacGroup = 'rbac.authorization.k8s.io'

export const networkingDefaults: StructDefaults = {
  NetworkPolicyPort(port: NetworkPolicyPort) {
    port.protocol ??= 'TCP'
  },
  NetworkPolicy({ spec }: NetworkPolicy) {
    if (!spec || spec.policyTypes?.length) return
    spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
  },
  IngressClass({ spec }: IngressClass) {
    if (spec?.parameters) spec.parameters.scope ??= 'Cluster'
  },
}

export const rbacDefaults: StructDefaults = {
  RoleBinding: defaultRoleRef,
  ClusterRoleBinding: defaultRoleRef,
  Subject(subject: Subject) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ??= rbacGroup
  },
}

function defaultRoleRef({ roleRef }: RoleBinding): void {
  roleRef.apiGroup ||= rbacGroup
}

export const storageDefaults: StructDefaults = {
  StorageClass(storageClass: StorageClass) {
    storageClass.reclaimPolicy ??= 'Delete'
    storageClass.volumeBindingMode ??= 'Immediate'
  },
  CSIDriver({ spec }: CSIDriver) {
    spec.attachRequired ??= true
    spec.podInfoOnMount ??= false
    spec.storageCapacity ??= false
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
    spec.requiresRepublish ??= false
    spec.seLinuxMount ??= false
  },
}

export const schedulingDefaults: StructDefaults = {
  PriorityClass(priorityClass: PriorityClass) {
    priorityClass.preemptionPolicy ??= 'PreemptLowerPriority'
  },
}

export const discoveryDefaults: StructDefaults = {
  EndpointPort(port: EndpointPort) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  },
}

export const authenticationDefaults: StructDefaults = {
  TokenRequestSpec(spec: TokenRequestSpec) {
    spec.expirationSeconds ??= 3600
  },
}

export const flowcontrolDefaults: StructDefaults = {
  FlowSchemaSpec(spec: FlowSchemaSpec) {
    spec.matchingPrecedence ||= 1000
  },
  ExemptPriorityLevelConfiguration(level: ExemptPriorityLevelConfiguration) {
    level.nominalConcurrencyShares ??= 0
    level.lendablePercent ??= 0
  },
  LimitedPriorityLevelConfiguration(level: LimitedPriorityLevelConfiguration) {
    level.nominalConcurrencyShares ??= 30
    level.lendablePercent ??= 0
  },
  QueuingConfiguration(queuing: QueuingConfiguration) {
    queuing.handSize ||= 8
    queuing.queues ||= 64
    queuing.queueLengthLimit ||= 50
  },
}

export const resourceDefaults: StructDefaults = {
  ExactDeviceRequest: defaultDeviceRequest,
  DeviceSubRequest: defaultDeviceRequest,
  DeviceTaint(taint: DeviceTaint) {
    taint.timeAdded ??= toTime(Date.now())
  },
  Device(device: Device) {
    for (const mapping of Object.values(device.nodeAllocatableResourceMappings ?? {})) {
      mapping.allocationMultiplier ??= '1'
    }
  },
}

function defaultDeviceRequest(request: ExactDeviceRequest): void {
  request.allocationMode ??= 'ExactCount'
  if (request.allocationMode === 'ExactCount') request.count ??= 1
}

function defaultServiceReference(reference: { port?: number }): void {
  reference.port ??= 443
}

function defaultRule(rule: RuleWithOperations): void {
  rule.scope ??= '*'
}

function defaultFailurePolicy(spec: ValidatingAdmissionPolicySpec): void {
  spec.failurePolicy ??= 'Fail'
}

function defaultMatching(match: MatchResources): void {
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
}

export const admissionDefaults: StructDefaults = {
  ValidatingWebhook: defaultWebhook,
  MutatingWebhook(webhook: MutatingWebhook) {
    defaultWebhook(webhook)
    webhook.reinvocationPolicy ??= 'Never'
  },
  RuleWithOperations: defaultRule,
  NamedRuleWithOperations: defaultRule,
  ServiceReference: defaultServiceReference,
  ValidatingAdmissionPolicySpec: defaultFailurePolicy,
  MutatingAdmissionPolicySpec: defaultFailurePolicy,
  MatchResources: defaultMatching,
}

function defaultWebhook(webhook: ValidatingWebhook): void {
  webhook.failurePolicy ??= 'Fail'
  defaultMatching(webhook)
  webhook.timeoutSeconds ??= 10
}

export const apiExtensionsDefaults: StructDefaults = {
  CustomResourceDefinition(definition: CustomResourceDefinition) {
    const { spec } = definition
    spec.names.singular ??= spec.names.kind.toLowerCase()
    if (spec.names.kind) spec.names.listKind ??= `${spec.names.kind}List`
    spec.conversion ??= { strategy: 'None' }
    if (definition.status?.storedVersions?.length) return
    const stored = spec.versions.find((version) => version.storage)
    if (stored && definition.status) definition.status.storedVersions = [stored.name]
  },
  ServiceReference: defaultServiceReference,
}

export const apiRegistrationDefaults: StructDefaults = { ServiceReference: defaultServiceReference }
