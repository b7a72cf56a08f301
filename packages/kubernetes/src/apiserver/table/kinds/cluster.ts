import { humanDuration } from '../../../api/duration.ts'
import type { ObjectMeta } from '../../../api/kube-object.ts'
import { formatLabelSelector } from '../../../api/selectors/format-label-selector.ts'
import type {
  MutatingAdmissionPolicy,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../../api/types/admissionregistration-v1.ts'
import type { APIService } from '../../../api/types/apiregistration-v1.ts'
import type { CertificateSigningRequest } from '../../../api/types/certificates-v1.ts'
import type { Lease } from '../../../api/types/coordination-v1.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '../../../api/types/flowcontrol-v1.ts'
import type { RuntimeClass } from '../../../api/types/node-v1.ts'
import type { RoleBinding } from '../../../api/types/rbac-v1.ts'
import type { ResourceClaim, ResourceSlice } from '../../../api/types/resource-v1.ts'
import type { PriorityClass } from '../../../api/types/scheduling-v1.ts'
import { columns, type KindTable, type KindTables } from '../kind-table.ts'

const roleBindings: KindTable<RoleBinding> = {
  columns: columns('Name', 'Role', 'Age', '+Users', '+Groups', '+ServiceAccounts'),
  cells: ({ metadata, roleRef, subjects }, { since }) => {
    const of = (kind: string) => (subjects ?? []).filter((subject) => subject.kind === kind)
    return [
      metadata.name ?? '',
      `${roleRef.kind}/${roleRef.name}`,
      since(metadata.creationTimestamp),
      of('User')
        .map(({ name }) => name)
        .join(', '),
      of('Group')
        .map(({ name }) => name)
        .join(', '),
      of('ServiceAccount')
        .map(({ namespace, name }) => `${namespace ?? ''}/${name}`)
        .join(', '),
    ]
  },
}

const certificateSigningRequests: KindTable<CertificateSigningRequest> = {
  columns: columns('Name', 'Age', 'SignerName', 'Requestor', 'RequestedDuration', 'Condition'),
  cells: (request, { since }) => [
    request.metadata.name ?? '',
    since(request.metadata.creationTimestamp),
    request.spec.signerName || '<none>',
    request.spec.username ?? '',
    request.spec.expirationSeconds === undefined
      ? '<none>'
      : humanDuration(request.spec.expirationSeconds * 1000),
    requestStatus(request),
  ],
}

function requestStatus({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type) ?? false
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return `${decision}${has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`
}

const leases: KindTable<Lease> = {
  columns: columns('Name', 'Holder', 'Age'),
  cells: ({ metadata, spec }, { since }) => [
    metadata.name ?? '',
    spec?.holderIdentity ?? '',
    since(metadata.creationTimestamp),
  ],
}

const priorityClasses: KindTable<PriorityClass> = {
  columns: columns('Name', 'Value:integer', 'Global-Default:boolean', 'Age', 'PreemptionPolicy'),
  cells: ({ metadata, value, globalDefault, preemptionPolicy }, { since }) => [
    metadata.name ?? '',
    value ?? 0,
    globalDefault ?? false,
    since(metadata.creationTimestamp),
    preemptionPolicy ?? '',
  ],
}

const runtimeClasses: KindTable<RuntimeClass> = {
  columns: columns('Name', 'Handler', 'Age'),
  cells: ({ metadata, handler }, { since }) => [
    metadata.name ?? '',
    handler,
    since(metadata.creationTimestamp),
  ],
}

const webhookConfigurations: KindTable<ValidatingWebhookConfiguration> = {
  columns: columns('Name', 'Webhooks:integer', 'Age'),
  cells: ({ metadata, webhooks }, { since }) => [
    metadata.name ?? '',
    webhooks?.length ?? 0,
    since(metadata.creationTimestamp),
  ],
}

function paramKind(kind: { apiVersion?: string; kind?: string } | undefined): string {
  return kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : '<unset>'
}

const validatingPolicies: KindTable<ValidatingAdmissionPolicy> = {
  columns: columns('Name', 'Validations:integer', 'ParamKind', 'Age'),
  cells: ({ metadata, spec }, { since }) => [
    metadata.name ?? '',
    spec?.validations?.length ?? 0,
    paramKind(spec?.paramKind),
    since(metadata.creationTimestamp),
  ],
}

const mutatingPolicies: KindTable<MutatingAdmissionPolicy> = {
  columns: columns('Name', 'Mutations:integer', 'ParamKind', 'Age'),
  cells: ({ metadata, spec }, { since }) => [
    metadata.name ?? '',
    spec?.mutations?.length ?? 0,
    paramKind(spec?.paramKind),
    since(metadata.creationTimestamp),
  ],
}

const policyBindings: KindTable<ValidatingAdmissionPolicyBinding> = {
  columns: columns('Name', 'PolicyName', 'ParamRef', 'Age'),
  cells: ({ metadata, spec }, { since }) => [
    metadata.name ?? '',
    spec?.policyName ?? '',
    paramRef(spec?.paramRef),
    since(metadata.creationTimestamp),
  ],
}

function paramRef(reference: ParamRef | undefined): string {
  if (reference?.name) return `${reference.namespace || '*'}/${reference.name}`
  return reference?.selector ? formatLabelSelector(reference.selector) : '<unset>'
}

const apiServices: KindTable<APIService> = {
  columns: columns('Name', 'Service', 'Available', 'Age'),
  cells: ({ metadata, spec, status }, { since }) => {
    const available = status?.conditions?.find(({ type }) => type === 'Available')
    const why = available && available.status !== 'True' && available.reason ? ` (${available.reason})` : ''
    const service = spec?.service
    return [
      metadata.name ?? '',
      service ? `${service.namespace}/${service.name}` : 'Local',
      `${available?.status ?? 'Unknown'}${why}`,
      since(metadata.creationTimestamp),
    ]
  },
}

const flowSchemas: KindTable<FlowSchema> = {
  columns: columns('Name', 'PriorityLevel', 'MatchingPrecedence', 'DistinguisherMethod', 'Age', 'MissingPL'),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    spec?.priorityLevelConfiguration.name ?? '',
    spec?.matchingPrecedence ?? 0,
    spec?.distinguisherMethod?.type ?? '<none>',
    since(metadata.creationTimestamp),
    status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
  ],
}

const priorityLevels: KindTable<PriorityLevelConfiguration> = {
  columns: columns(
    'Name',
    'Type',
    'NominalConcurrencyShares',
    'Queues',
    'HandSize',
    'QueueLengthLimit',
    'Age',
  ),
  cells: ({ metadata, spec }, { since }) => {
    const queuing = spec?.limited?.limitResponse?.queuing
    return [
      metadata.name ?? '',
      spec?.type ?? '',
      spec?.limited?.nominalConcurrencyShares ?? '<none>',
      queuing?.queues ?? '<none>',
      queuing?.handSize ?? '<none>',
      queuing?.queueLengthLimit ?? '<none>',
      since(metadata.creationTimestamp),
    ]
  },
}

const nameAndAge: KindTable<{ metadata: ObjectMeta }> = {
  columns: columns('Name', 'Age'),
  cells: ({ metadata }, { since }) => [metadata.name ?? '', since(metadata.creationTimestamp)],
}

const resourceClaims: KindTable<ResourceClaim> = {
  columns: columns('Name', 'State', 'Age'),
  cells: ({ metadata, status }, { since }) => {
    const states = metadata.deletionTimestamp ? ['deleted'] : []
    if (status?.allocation) states.push('allocated', ...(status.reservedFor?.length ? ['reserved'] : []))
    else if (!metadata.deletionTimestamp) states.push('pending')
    return [metadata.name ?? '', states.join(','), since(metadata.creationTimestamp)]
  },
}

const resourceSlices: KindTable<ResourceSlice> = {
  columns: columns('Name', 'Node', 'Driver', 'Pool', 'Age'),
  cells: ({ metadata, spec }, { since }) => [
    metadata.name ?? '',
    spec.nodeName ?? '',
    spec.driver,
    spec.pool.name,
    since(metadata.creationTimestamp),
  ],
}

export const clusterTables: KindTables = {
  'rbac.authorization.k8s.io/rolebindings': roleBindings,
  'rbac.authorization.k8s.io/clusterrolebindings': roleBindings,
  'certificates.k8s.io/certificatesigningrequests': certificateSigningRequests,
  'coordination.k8s.io/leases': leases,
  'scheduling.k8s.io/priorityclasses': priorityClasses,
  'node.k8s.io/runtimeclasses': runtimeClasses,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': webhookConfigurations,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': webhookConfigurations,
  'admissionregistration.k8s.io/validatingadmissionpolicies': validatingPolicies,
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': policyBindings,
  'admissionregistration.k8s.io/mutatingadmissionpolicies': mutatingPolicies,
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': policyBindings,
  'apiregistration.k8s.io/apiservices': apiServices,
  'flowcontrol.apiserver.k8s.io/flowschemas': flowSchemas,
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': priorityLevels,
  'resource.k8s.io/deviceclasses': nameAndAge,
  'resource.k8s.io/resourceclaims': resourceClaims,
  'resource.k8s.io/resourceclaimtemplates': nameAndAge,
  'resource.k8s.io/resourceslices': resourceSlices,
}
