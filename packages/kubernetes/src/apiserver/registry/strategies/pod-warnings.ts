import { ipWarnings } from '../../../api/ip-warnings.ts'
import { deepEqual } from '../../../api/json.ts'
import type { ObjectMeta } from '../../../api/kube-object.ts'
import { quantityMilliValue } from '../../../api/quantity.ts'
import type {
  Container,
  ContainerPort,
  NodeSelectorTerm,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '../../../api/types/core-v1.ts'
import { isLabelValue } from '../../../api/validation/formats.ts'
import { claimSpecWarnings } from './claim-warnings.ts'
import { overlapWarnings } from './overlap-warnings.ts'

const deprecatedNodeLabels: Record<string, string> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods':
    'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
}

/** What is deprecated about a node label, if it is. */
export function nodeLabelDeprecation(key: string): string | undefined {
  return Object.hasOwn(deprecatedNodeLabels, key) ? deprecatedNodeLabels[key] : undefined
}

const deprecatedAnnotations: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod':
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

const deprecatedVolumes: Record<string, string> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}

/** Upstream writes some of these fields differently in paths. */
const volumePathNames: Record<string, string> = { storageos: 'storageOS' }

/**
 * What a pod (empty `prefix`) or the pod template at `prefix` does that is deprecated or surely not meant. Each names
 * the field it is about.
 */
export function podTemplateSpecWarnings(template: PodTemplateSpec | undefined, prefix = ''): string[] {
  const spec = template?.spec
  if (!spec) return []
  const metadata = template.metadata ?? {}
  const at = (path: string): string => (prefix ? `${prefix}.${path}` : path)
  return [
    ...placementWarnings(spec, at),
    ...Object.entries(deprecatedAnnotations)
      .filter(([key]) => metadata.annotations?.[key] !== undefined)
      .map(([key, message]) => `${at('metadata.annotations')}[${key}]: ${message}`),
    ...(spec.volumes ?? []).flatMap((volume, index) => volumeWarnings(volume, at(`spec.volumes[${index}]`))),
    ...overlapWarnings(spec.volumes ?? []),
    ...referenceWarnings(spec, at),
    ...['memory', 'ephemeral-storage'].flatMap((name) =>
      fractionWarning(spec.overhead?.[name], at(`spec.overhead[${name}]`)),
    ),
    ...profileWarnings(spec, metadata, at, prefix !== ''),
    ...containersOf(spec, at('spec')).flatMap(([container, path]) => containerWarnings(container, path)),
    ...portWarnings(containersOf(spec, at('spec'))),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [
          `${at('spec.terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...nullSelectorWarnings(spec, at),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((server, index) =>
      ipWarnings(at(`spec.dnsConfig.nameservers[${index}]`), server),
    ),
    ...(spec.hostAliases ?? []).flatMap((alias, index) =>
      ipWarnings(at(`spec.hostAliases[${index}].ip`), alias.ip),
    ),
  ]
}

type At = (path: string) => string

export function containersOf(spec: PodSpec, path: string): [Container, string][] {
  const kinds = ['initContainers', 'containers', 'ephemeralContainers'] as const
  return kinds.flatMap((kind) =>
    (spec[kind] ?? []).map((container, index): [Container, string] => [
      container as Container,
      `${path}.${kind}[${index}]`,
    ]),
  )
}

function placementWarnings(spec: PodSpec, at: At): string[] {
  const warnings: string[] = []
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const message = nodeLabelDeprecation(key)
    if (message) warnings.push(`${at('spec.nodeSelector')}[${key}]: ${message}`)
  }
  const affinity = spec.affinity?.nodeAffinity
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const path = at('spec.affinity.nodeAffinity')
  for (const [index, term] of required.entries()) {
    const where = `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`
    warnings.push(...nodeSelectorTermWarnings(term, where, false))
  }
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  for (const [index, term] of preferred.entries()) {
    const where = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`
    warnings.push(...nodeSelectorTermWarnings(term.preference, where, true))
  }
  for (const [index, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const where = at(`spec.topologySpreadConstraints[${index}]`)
    const message = nodeLabelDeprecation(topologyKey)
    if (message) warnings.push(`${where}.topologyKey: ${topologyKey} is ${message}`)
    if (!labelSelector)
      warnings.push(`${where}.labelSelector: a null labelSelector results in matching no pod`)
  }
  return warnings
}

export function nodeSelectorTermWarnings(
  term: NodeSelectorTerm,
  path: string,
  checkValues: boolean,
): string[] {
  return (term.matchExpressions ?? []).flatMap(({ key, values = [] }, index) => {
    const where = `${path}.matchExpressions[${index}]`
    const message = nodeLabelDeprecation(key)
    return [
      ...(message ? [`${where}.key: ${key} is ${message}`] : []),
      ...(checkValues
        ? values.flatMap((value, i) =>
            isLabelValue(value).map((why) => `${where}.values[${i}]: ${value} is invalid, ${why}`),
          )
        : []),
    ]
  })
}

function volumeWarnings(volume: Volume, path: string): string[] {
  const fields: Record<string, unknown> = { ...volume }
  const warnings = Object.entries(deprecatedVolumes)
    .filter(([kind]) => fields[kind] !== undefined)
    .map(([kind, message]) => `${path}.${volumePathNames[kind] ?? kind}: ${message}`)
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec
  return claim
    ? [...warnings, ...claimSpecWarnings(claim, `${path}.ephemeral.volumeClaimTemplate.spec`)]
    : warnings
}

function referenceWarnings(spec: PodSpec, at: At): string[] {
  const warnings: string[] = []
  const hosts = new Set<string>()
  for (const [index, { ip }] of (spec.hostAliases ?? []).entries()) {
    if (hosts.has(ip))
      warnings.push(`${at(`spec.hostAliases[${index}].ip`)}: duplicate ip ${JSON.stringify(ip)}`)
    hosts.add(ip)
  }
  const names = new Set<string>()
  const secrets = spec.imagePullSecrets ?? []
  for (const [index, { name = '' }] of secrets.entries()) {
    const path = at(`spec.imagePullSecrets[${index}].name`)
    if (names.has(name)) warnings.push(`${path}: duplicate name ${JSON.stringify(name)}`)
    names.add(name)
  }
  for (const [index, { name = '' }] of secrets.entries())
    if (!name) warnings.push(`${at(`spec.imagePullSecrets[${index}].name`)}: invalid empty name ""`)
  return warnings
}

function profileWarnings(spec: PodSpec, metadata: ObjectMeta, at: At, isTemplate: boolean): string[] {
  const annotations = metadata.annotations ?? {}
  const warnings: string[] = []
  const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
  const useField = 'non-functional in v1.27+; use the "seccompProfile" field instead'
  if (!spec.securityContext?.seccompProfile && annotations[seccompPod] !== undefined)
    warnings.push(`${at('metadata.annotations')}[${seccompPod}]: ${useField}`)
  for (const [container] of containersOf(spec, '')) {
    const seccomp = `container.seccomp.security.alpha.kubernetes.io/${container.name}`
    if (!container.securityContext?.seccompProfile && annotations[seccomp] !== undefined)
      warnings.push(`${at('metadata.annotations')}[${seccomp}]: ${useField}`)
    const appArmor = `container.apparmor.security.beta.kubernetes.io/${container.name}`
    const annotation = annotations[appArmor]
    if (!isTemplate || container.securityContext?.appArmorProfile || annotation === undefined) continue
    const profile = spec.securityContext?.appArmorProfile
    if (!profile || !deepEqual(profile, appArmorProfileOf(annotation)))
      warnings.push(
        `${at('metadata.annotations')}[${appArmor}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
      )
  }
  return warnings
}

/** The field that an AppArmor annotation of old stands for; undefined when it means nothing. */
export function appArmorProfileOf(
  annotation: string,
): { type: string; localhostProfile?: string } | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  const localhost = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : ''
  return localhost ? { type: 'Localhost', localhostProfile: localhost } : undefined
}

export function fractionWarning(value: string | undefined, path: string): string[] {
  return value !== undefined && quantityMilliValue(value) % 1000 !== 0
    ? [`${path}: fractional byte value ${JSON.stringify(value)} is invalid, must be an integer`]
    : []
}

function containerWarnings(container: Container, path: string): string[] {
  const { resources, env = [] } = container
  const warnings = ['memory', 'ephemeral-storage'].flatMap((name) => [
    ...fractionWarning(resources?.limits?.[name], `${path}.resources.limits[${name}]`),
    ...fractionWarning(resources?.requests?.[name], `${path}.resources.requests[${name}]`),
  ])
  const seen = new Set<string>()
  for (const [index, { name, value = '', valueFrom }] of env.entries()) {
    const reference = `$(${name})`
    if (seen.has(name) && (valueFrom || value === reference || !value.includes(reference)))
      warnings.push(
        `${path}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      )
    seen.add(name)
  }
  return warnings
}

function portWarnings(containers: [Container, string][]): string[] {
  const warnings: string[] = []
  const ports = containers.flatMap(([container, path]) =>
    (container.ports ?? []).map((port, index): [ContainerPort, string] => [port, `${path}.ports[${index}]`]),
  )
  const seen = new Map<string, [ContainerPort, string][]>()
  for (const [port, path] of ports) {
    const { containerPort, protocol = '', hostIP = '', hostPort = 0, name = '' } = port
    if (hostIP && !hostPort) {
      const shown = `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`
      warnings.push(`${path}: hostIP set without hostPort: ${shown}`)
    }
    const key = `${containerPort}/${protocol}`
    const others = seen.get(key) ?? []
    for (const [other, where] of others) {
      const otherIP = other.hostIP ?? ''
      const otherPort = other.hostPort ?? 0
      if (hostIP === otherIP && hostPort === otherPort)
        warnings.push(`${path}: duplicate port definition with ${where}`)
      else if (!hostPort || !otherPort) warnings.push(`${path}: overlapping port definition with ${where}`)
      else if (hostPort === otherPort && !hostIP !== !otherIP)
        warnings.push(`${path}: dangerously ambiguous port definition with ${where}`)
    }
    seen.set(key, [...others, [port, path]])
  }
  const names = new Map<string, string>()
  for (const [{ name }, path] of ports) {
    if (!name) continue
    const other = names.get(name)
    if (other)
      warnings.push(
        `${path}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`,
      )
    else names.set(name, path)
  }
  return warnings
}

function nullSelectorWarnings(spec: PodSpec, at: At): string[] {
  const message = 'a null labelSelector results in matching no pod'
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => {
    const affinity = spec.affinity?.[kind]
    const path = at(`spec.affinity.${kind}`)
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    return [
      ...required.flatMap((term, index) =>
        term.labelSelector
          ? []
          : [`${path}.requiredDuringSchedulingIgnoredDuringExecution[${index}].labelSelector: ${message}`],
      ),
      ...preferred.flatMap(({ podAffinityTerm }, index) =>
        podAffinityTerm.labelSelector
          ? []
          : [
              `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm.labelSelector: ${message}`,
            ],
      ),
    ]
  })
}
