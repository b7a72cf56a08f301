import { cidrWarnings, ipWarnings } from '../../../api/ip-warnings.ts'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import { compareQuantity, parseQuantity } from '../../../api/quantity.ts'
import type { Deployment, StatefulSet } from '../../../api/types/apps-v1.ts'
import type { CronJob, Job, JobSpec } from '../../../api/types/batch-v1.ts'
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ResourceQuota,
  Service,
} from '../../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../../api/types/discovery-v1.ts'
import type { Ingress } from '../../../api/types/networking-v1.ts'
import type { RuntimeClass } from '../../../api/types/node-v1.ts'
import type { StorageClass } from '../../../api/types/storage-v1.ts'
import { isDns1123Label } from '../../../api/validation/formats.ts'
import { claimSpecWarnings } from './claim-warnings.ts'
import {
  appArmorProfileOf,
  containersOf,
  nodeLabelDeprecation,
  nodeSelectorTermWarnings,
  podTemplateSpecWarnings,
} from './pod-warnings.ts'

// What a kind's writers are warned of, in `Warning:` headers. Texts are upstream's.

type Old = StoredKubeObject | undefined

/** Templates are looked at when an object is new or its desired state changed. */
function isChanged(object: StoredKubeObject, old: Old): boolean {
  return !old || object.metadata.generation !== old.metadata.generation
}

function nameWarning(object: StoredKubeObject, use = 'Pod names and hostnames'): string[] {
  const messages = isDns1123Label(object.metadata.name ?? '')
  return messages.length
    ? [
        `metadata.name: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${messages.join(' ')}]`,
      ]
    : []
}

export function podWarnings(object: StoredKubeObject, old: Old): string[] {
  if (old) return []
  const pod = object as unknown as Pod
  return [
    ...nameWarning(object, "the Pod's hostname"),
    ...podTemplateSpecWarnings({ metadata: pod.metadata, ...(pod.spec && { spec: pod.spec }) }),
    ...annotatedAppArmorWarnings(pod),
  ]
}

function annotatedAppArmorWarnings({ metadata, spec }: Pod): string[] {
  if (!spec) return []
  return containersOf(spec, 'spec').flatMap(([container]) => {
    const key = `container.apparmor.security.beta.kubernetes.io/${container.name}`
    const annotation = metadata.annotations?.[key]
    if (annotation === undefined || container.securityContext?.appArmorProfile) return []
    const profile = appArmorProfileOf(annotation)
    const own = spec.securityContext?.appArmorProfile
    const isSame = profile && own?.type === profile.type && own.localhostProfile === profile.localhostProfile
    return isSame
      ? []
      : [`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`]
  })
}

export function podTemplateWarnings(object: StoredKubeObject, old: Old): string[] {
  return isChanged(object, old)
    ? podTemplateSpecWarnings((object as unknown as PodTemplate).template, 'template')
    : []
}

function specTemplateWarnings(object: StoredKubeObject, old: Old): string[] {
  const { spec } = object as unknown as Deployment
  return isChanged(object, old) ? podTemplateSpecWarnings(spec?.template, 'spec.template') : []
}

export function deploymentWarnings(object: StoredKubeObject, old: Old): string[] {
  return [...(old ? [] : nameWarning(object)), ...specTemplateWarnings(object, old)]
}

export const replicaSetWarnings = deploymentWarnings

export const daemonSetWarnings = specTemplateWarnings

export function statefulSetWarnings(object: StoredKubeObject, old: Old): string[] {
  const { spec } = object as unknown as StatefulSet
  return [
    ...specTemplateWarnings(object, old),
    ...(spec?.volumeClaimTemplates ?? []).flatMap((claim, index) =>
      claim.spec ? claimSpecWarnings(claim.spec, `spec.volumeClaimTemplates[${index}]`) : [],
    ),
    ...((spec?.revisionHistoryLimit ?? 0) < 0
      ? [
          'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
        ]
      : []),
  ]
}

function jobSpecWarnings(spec: JobSpec | undefined, path: string): string[] {
  const isHuge =
    spec?.completionMode === 'Indexed' &&
    (spec.completions ?? 0) > 100_000 &&
    (spec.parallelism ?? 0) > 10_000
  return [
    ...(isHuge
      ? [
          `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
        ]
      : []),
    ...podTemplateSpecWarnings(spec?.template, `${path}.template`),
  ]
}

export function jobWarnings(object: StoredKubeObject, old: Old): string[] {
  return [
    ...(old ? [] : nameWarning(object)),
    ...(isChanged(object, old) ? jobSpecWarnings((object as unknown as Job).spec, 'spec') : []),
  ]
}

export function cronJobWarnings(object: StoredKubeObject, old: Old): string[] {
  const { spec } = object as unknown as CronJob
  const inSchedule = old && spec?.schedule.includes('TZ')
  return [
    ...(old ? [] : nameWarning(object)),
    ...(isChanged(object, old) ? jobSpecWarnings(spec?.jobTemplate.spec, 'spec.jobTemplate.spec') : []),
    ...(inSchedule
      ? [
          'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
        ]
      : []),
  ]
}

export function nodeWarnings(object: StoredKubeObject): string[] {
  const { spec } = object as unknown as Node
  return [
    ...(spec?.configSource ? ['spec.configSource: the feature is removed'] : []),
    ...(spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
    ...(spec?.podCIDRs ?? []).flatMap((cidr, index) => cidrWarnings(`spec.podCIDRs[${index}]`, cidr)),
  ]
}

export function volumeWarnings(object: StoredKubeObject): string[] {
  const { spec = {}, metadata } = object as unknown as PersistentVolume
  const deprecated: Record<string, string> = {
    cephfs: 'deprecated in v1.28, non-functional in v1.31+',
    photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
    scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
    storageos: 'deprecated in v1.22, non-functional in v1.25+',
    glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
    rbd: 'deprecated in v1.28, non-functional in v1.31+',
  }
  const beta = 'volume.beta.kubernetes.io/storage-class'
  const mounting = 'volume.beta.kubernetes.io/mount-options'
  const fields: Record<string, unknown> = { ...spec }
  return [
    ...(metadata.annotations?.[beta] !== undefined
      ? [`metadata.annotations[${beta}]: deprecated since v1.8; use "storageClassName" attribute instead`]
      : []),
    ...(metadata.annotations?.[mounting] !== undefined
      ? [`metadata.annotations[${mounting}]: deprecated since v1.31; use "mountOptions" attribute instead`]
      : []),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...(spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      nodeSelectorTermWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`, false),
    ),
    ...Object.entries(deprecated)
      .filter(([kind]) => fields[kind] !== undefined)
      .map(([kind, message]) => `spec.${kind === 'storageos' ? 'storageOS' : kind}: ${message}`),
  ]
}

export function claimWarnings(object: StoredKubeObject): string[] {
  const { spec, metadata } = object as unknown as PersistentVolumeClaim
  const beta = 'volume.beta.kubernetes.io/storage-class'
  return [
    ...(metadata.annotations?.[beta] !== undefined
      ? [`metadata.annotations[${beta}]: deprecated since v1.8; use "storageClassName" attribute instead`]
      : []),
    ...(spec ? claimSpecWarnings(spec, 'spec') : []),
  ]
}

export function serviceWarnings(object: StoredKubeObject): string[] {
  const { spec = {}, metadata } = object as unknown as Service
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === 'None'
  const hints = 'service.kubernetes.io/topology-aware-hints'
  const external = spec.externalIPs ?? []
  const warnings: string[] = []
  if (metadata.annotations?.[hints] !== undefined)
    warnings.push(`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`)
  if (spec.clusterIP && spec.clusterIP !== 'None')
    for (const [index, ip] of (spec.clusterIPs ?? []).entries())
      warnings.push(...ipWarnings(`spec.clusterIPs[${index}]`, ip))
  if (isHeadless) {
    if (spec.loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services')
    if (external.length > 0) warnings.push('spec.externalIPs is ignored for headless services')
    if (spec.sessionAffinity !== 'None')
      warnings.push('spec.SessionAffinity is ignored for headless services')
  }
  for (const [index, ip] of external.entries()) warnings.push(...ipWarnings(`spec.externalIPs[${index}]`, ip))
  if (external.length > 0 && !isHeadless && spec.type !== 'ExternalName')
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters')
  if (spec.loadBalancerIP) warnings.push(...ipWarnings('spec.loadBalancerIP', spec.loadBalancerIP))
  for (const [index, cidr] of (spec.loadBalancerSourceRanges ?? []).entries())
    warnings.push(...cidrWarnings(`spec.loadBalancerSourceRanges[${index}]`, cidr))
  if (spec.type === 'ExternalName' && external.length > 0)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (spec.type !== 'ExternalName' && spec.externalName)
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  if (spec.trafficDistribution === 'PreferClose')
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  return warnings
}

const enforceMountableSecrets = 'kubernetes.io/enforce-mountable-secrets'

export function serviceAccountWarnings(object: StoredKubeObject, old: Old): string[] {
  if (old?.metadata.annotations?.[enforceMountableSecrets] !== undefined) return []
  return object.metadata.annotations?.[enforceMountableSecrets] === undefined
    ? []
    : [
        `metadata.annotations[${enforceMountableSecrets}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
      ]
}

export function resourceQuotaWarnings(object: StoredKubeObject, old: Old): string[] {
  if (old) return []
  const hard = (object as unknown as ResourceQuota).spec?.hard ?? {}
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const short = (name === 'cpu' || name === 'memory') && hard[`requests.${name}`] === undefined
    const requestName = short ? name : `requests.${name}`
    const limitName = `limits.${name}`
    const request = parseQuantity(hard[requestName] ?? '')
    const limit = parseQuantity(hard[limitName] ?? '')
    return request && limit && compareQuantity(request, limit) > 0
      ? [
          `ResourceQuota ${requestName} (${hard[requestName]}) should be less than ${limitName} (${hard[limitName]})`,
        ]
      : []
  })
}

export function endpointSliceWarnings(object: StoredKubeObject, old: Old): string[] {
  const slice = object as unknown as EndpointSlice
  const by = slice.metadata.labels?.['endpointslice.kubernetes.io/managed-by']
  const isOurs = by === 'endpointslice-controller.k8s.io' || by === 'endpointslicemirroring-controller.k8s.io'
  return [
    ...(!old && slice.addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
    ...(isOurs ? [] : (slice.endpoints ?? [])).flatMap((endpoint, index) =>
      endpoint.addresses.flatMap((address, i) => ipWarnings(`endpoints[${index}].addresses[${i}]`, address)),
    ),
  ]
}

const ingressClassAnnotation = 'kubernetes.io/ingress.class'

export function ingressWarnings(object: StoredKubeObject, old: Old): string[] {
  const { spec, metadata } = object as unknown as Ingress
  return !old && metadata.annotations?.[ingressClassAnnotation] !== undefined && !spec?.ingressClassName
    ? [`annotation "${ingressClassAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`]
    : []
}

export function runtimeClassWarnings(object: StoredKubeObject): string[] {
  const { scheduling } = object as unknown as RuntimeClass
  return Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
    const message = nodeLabelDeprecation(key)
    return message ? [`scheduling.nodeSelector: ${message}`] : []
  })
}

export function storageClassWarnings(object: StoredKubeObject): string[] {
  const { allowedTopologies = [] } = object as unknown as StorageClass
  return allowedTopologies.flatMap((topology, index) =>
    (topology.matchLabelExpressions ?? []).flatMap(({ key }, i) => {
      const message = nodeLabelDeprecation(key)
      return message ? [`allowedTopologies[${index}].matchLabelExpressions[${i}].key: ${message}`] : []
    }),
  )
}
