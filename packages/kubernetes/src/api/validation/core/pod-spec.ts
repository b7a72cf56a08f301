import type { ObjectMeta } from '../../kube-object.ts'
import type { PodDNSConfig, PodResourceClaim, PodSpec, PodTemplateSpec } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import {
  inclusiveRange,
  isDns1123Label,
  isDns1123Subdomain,
  isDns1123SubdomainWithUnderscore,
  isQualifiedName,
} from '../formats.ts'
import { validateLabels } from '../labels.ts'
import { validateAnnotations } from '../object-meta.ts'
import { namedIfSet, oneOf, oneOfIfSet, Unique, validateIp } from '../rules.ts'
import { validateAffinity, validateSpreadConstraints, validateTolerations } from './affinity.ts'
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './containers.ts'
import { eachContainer } from './each-container.ts'
import { validatePodAnnotations, validateProfileAnnotations } from './pod-annotations.ts'
import { type PodOptions, podOptions } from './pod-options.ts'
import { podResourceTotals } from './pod-resource-totals.ts'
import { compareText, isHugePages, validateResourceRequirements } from './resources.ts'
import { validatePodSecurityContext } from './security-context.ts'
import { validateVolumes } from './volumes.ts'
import { validateForOs, validateHostProcess } from './windows.ts'

/** A template of pods. `old` is what it was before, if it was. */
export function validatePodTemplate(
  template: PodTemplateSpec | undefined,
  field: Field,
  old?: PodTemplateSpec,
): void {
  const { metadata = {}, spec = { containers: [] } } = template ?? {}
  const options = podOptions(old)
  validateLabels(metadata.labels, field.at('labels'))
  validateAnnotations(metadata.annotations, field.at('annotations'))
  validatePodAnnotations(metadata, spec, field.at('annotations'), options)
  validatePodSpec(spec, undefined, field.at('spec'), options)
  validateProfileAnnotations(metadata, spec, field.at('spec'))
  if (spec.ephemeralContainers?.length)
    field.at('spec', 'ephemeralContainers').forbidden('ephemeral containers not allowed in pod template')
}

const largestInt32 = 2 ** 31 - 1

/** `metadata` is the pod's; absent for templates. */
export function validatePodSpec(
  spec: PodSpec,
  metadata: ObjectMeta | undefined,
  field: Field,
  options: PodOptions,
): void {
  if (spec.terminationGracePeriodSeconds === undefined) field.at('terminationGracePeriodSeconds').required()
  const volumes = validateVolumes(spec.volumes ?? [], metadata, field.at('volumes'), options)
  const claims = new Set((spec.resourceClaims ?? []).map((claim) => claim.name).filter(Boolean))
  validateResourceClaims(spec.resourceClaims ?? [], metadata, field.at('resourceClaims'))
  const context = { spec, volumes, claims }
  validateContainers(context, field.at('containers'))
  validateInitContainers(context, field.at('initContainers'))
  validateEphemeralContainers(context, field.at('ephemeralContainers'))
  validatePodResources(spec, claims, field.at('resources'))
  validateHostNetworkPorts(spec, field.at('containers'), options)
  oneOf(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], field.at('restartPolicy'))
  oneOf(spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], field.at('dnsPolicy'))
  validateLabels(spec.nodeSelector, field.at('nodeSelector'))
  validatePodSecurityContext(spec, spec.securityContext, field.at('securityContext'), options)
  validateAffinity(spec.affinity, field.at('affinity'), options)
  validateDnsConfig(spec.dnsConfig, spec.dnsPolicy, field.at('dnsConfig'))
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries())
    field
      .at('readinessGates')
      .index(index)
      .at('conditionType')
      .check(conditionType, isQualifiedName(conditionType))
  const gates = new Unique()
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    const here = field.at('schedulingGates').index(index)
    here.check(name, isQualifiedName(name))
    gates.add(name, here)
  }
  validateSpreadConstraints(
    spec.topologySpreadConstraints ?? [],
    field.at('topologySpreadConstraints'),
    options,
  )
  validateHostProcess(spec, field)
  validateHostUsers(spec, field)
  validateHostnameOverride(spec, field)
  namedIfSet(spec.serviceAccountName, isDns1123Subdomain, field.at('serviceAccountName'))
  namedIfSet(spec.nodeName, isDns1123Subdomain, field.at('nodeName'))
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && (deadline < 1 || deadline > largestInt32))
    field.at('activeDeadlineSeconds').invalid(deadline, inclusiveRange(1, largestInt32))
  namedIfSet(spec.hostname, isDns1123Label, field.at('hostname'))
  namedIfSet(spec.subdomain, isDns1123Label, field.at('subdomain'))
  validateTolerations(spec.tolerations ?? [], field.at('tolerations'))
  for (const [index, { ip, hostnames = [] }] of (spec.hostAliases ?? []).entries()) {
    const here = field.at('hostAliases').index(index)
    validateIp(ip, here.at('ip'))
    for (const [i, name] of hostnames.entries())
      here.at('hostnames').index(i).check(name, isDns1123Subdomain(name))
  }
  namedIfSet(spec.priorityClassName, isDns1123Subdomain, field.at('priorityClassName'))
  if (spec.runtimeClassName !== undefined)
    field.at('runtimeClassName').check(spec.runtimeClassName, isDns1123Subdomain(spec.runtimeClassName))
  oneOfIfSet(spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'], field.at('preemptionPolicy'))
  if (spec.overhead) validateResourceRequirements({ limits: spec.overhead }, new Set(), field.at('overhead'))
  if (spec.os) {
    if (!spec.os.name) field.at('os', 'name').required()
    else if (spec.os.name !== 'linux' && spec.os.name !== 'windows')
      field.at('os').notSupported(spec.os.name, ['linux', 'windows'])
    else validateForOs(spec, field)
  }
  validateFileKeyVolumes(spec, field)
}

function validateResourceClaims(
  claims: PodResourceClaim[],
  metadata: ObjectMeta | undefined,
  field: Field,
): void {
  const names = new Set<string>()
  for (const [index, claim] of claims.entries()) {
    if (metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
      field.forbidden('static pods do not support resource claims')
      return
    }
    const here = field.index(index)
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    if (!name) here.at('name').required()
    else if (names.has(name)) here.at('name').duplicate(name)
    else here.at('name').check(name, isDns1123Label(name))
    names.add(name)
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined)
      here.invalid(
        claim,
        'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
      )
    else if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
      here.invalid(claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`')
    for (const [key, value] of Object.entries({ resourceClaimName, resourceClaimTemplateName }))
      if (value !== undefined) here.at(key).check(value, isDns1123Subdomain(value))
  }
}

function validatePodResources(spec: PodSpec, claims: ReadonlySet<string>, field: Field): void {
  const { resources } = spec
  if (!resources) return
  if (spec.os?.name === 'windows') {
    field.forbidden('may not be set for a windows pod')
    return
  }
  if (resources.claims) field.at('claims').forbidden('claims may not be set for Resources at pod-level')
  validateResourceRequirements(resources, claims, field, true)
  const totals = podResourceTotals(spec)
  for (const [name, total] of Object.entries(totals.requests)) {
    const own = resources.requests?.[name]
    if (own !== undefined && compareText(total, own) > 0)
      field
        .at('requests')
        .key(name)
        .invalid(own, `must be greater than or equal to aggregate container requests of ${total}`)
  }
  for (const [name, total] of Object.entries(totals.limits)) {
    const own = resources.limits?.[name]
    if (isHugePages(name) && own !== undefined && compareText(total, own) > 0)
      field
        .at('limits')
        .key(name)
        .invalid(own, `must be greater than or equal to aggregate container limits of ${total}`)
  }
  for (const [index, container] of spec.containers.entries())
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const own = resources.limits?.[name]
      if (own !== undefined && compareText(limit, own) > 0)
        field
          .at('containers')
          .index(index)
          .key(name)
          .at('limits')
          .invalid(limit, `must be less than or equal to pod limits of ${own}`)
    }
}

function validateHostNetworkPorts(spec: PodSpec, field: Field, options: PodOptions): void {
  if (!spec.hostNetwork) return
  for (const [index, { ports = [] }] of (spec.containers ?? []).entries())
    for (const [i, { hostPort = 0, containerPort }] of ports.entries())
      if ((options.isPod || hostPort !== 0) && hostPort !== containerPort)
        field
          .index(index)
          .at('ports')
          .index(i)
          .at('hostPort')
          .invalid(hostPort, 'must match `containerPort` when `hostNetwork` is true')
}

const mostNameservers = 3
const mostSearches = 32
const longestSearches = 2048

function validateDnsConfig(config: PodDNSConfig | undefined, policy: string | undefined, field: Field): void {
  const { nameservers = [], searches = [], options = [] } = config ?? {}
  if (policy === 'None') {
    if (!config) {
      field.required('must provide `dnsConfig` when `dnsPolicy` is None')
      return
    }
    if (nameservers.length === 0) {
      field.at('nameservers').required('must provide at least one DNS nameserver when `dnsPolicy` is None')
      return
    }
  }
  if (nameservers.length > mostNameservers)
    field.at('nameservers').invalid(nameservers, `must not have more than ${mostNameservers} nameservers`)
  for (const [index, server] of nameservers.entries())
    validateIp(server, field.at('nameservers').index(index))
  if (searches.length > mostSearches)
    field.at('searches').invalid(searches, `must not have more than ${mostSearches} search paths`)
  if (searches.join(' ').length > longestSearches)
    field
      .at('searches')
      .invalid(
        searches,
        `must not have more than ${longestSearches} characters (including spaces) in the search list`,
      )
  for (const [index, search] of searches.entries()) {
    const name = search.endsWith('.') ? search.slice(0, -1) : search
    if (search !== '.') field.at('searches').index(index).check(name, isDns1123SubdomainWithUnderscore(name))
  }
  for (const [index, option] of options.entries())
    if (!option.name) field.at('options').index(index).required('must not be empty')
}

function validateHostUsers(spec: PodSpec, field: Field): void {
  if (spec.hostUsers !== false) return
  const detail = 'when `hostUsers` is false'
  if (spec.hostNetwork) field.at('hostNetwork').forbidden(detail)
  if (spec.hostPID) field.at('HostPID').forbidden(detail)
  if (spec.hostIPC) field.at('HostIPC').forbidden(detail)
  for (const [container, path] of eachContainer(spec, field))
    if (container.volumeDevices?.length) path.at('volumeDevices').forbidden(detail)
}

function validateHostnameOverride(spec: PodSpec, field: Field): void {
  const { hostnameOverride } = spec
  if (hostnameOverride === undefined) return
  const at = field.at('hostnameOverride')
  if (spec.setHostnameAsFQDN) at.forbidden('may not be specified when setHostnameAsFQDN is true')
  if (spec.hostNetwork) at.forbidden('may not be specified when hostNetwork is true')
  if (hostnameOverride.length > 64) at.tooLong(64)
  at.check(hostnameOverride, isDns1123Subdomain(hostnameOverride))
}

/** Environment files are read from volumes that the pod itself fills. */
function validateFileKeyVolumes(spec: PodSpec, field: Field): void {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]))
  for (const [container, path] of eachContainer(spec, field))
    for (const [index, { valueFrom }] of (container.env ?? []).entries()) {
      const name = valueFrom?.fileKeyRef?.volumeName
      if (name === undefined) continue
      const at = path.at('env').index(index).at('valueFrom', 'fileKeyRef', 'volumeName')
      const volume = volumes.get(name)
      if (!volume) at.notFound(name)
      else if (!volume.emptyDir) at.invalid(name, 'referenced volume must be of type emptyDir')
    }
}
