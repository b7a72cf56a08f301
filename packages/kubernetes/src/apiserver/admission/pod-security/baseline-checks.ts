import type { Lifecycle, Probe, SELinuxOptions } from '../../../api/types/core-v1.ts'
import {
  allContainers,
  containersThat,
  named,
  type PodCheck,
  plural,
  quoted,
  setters,
  sorted,
  unlessUserNamespace,
  type VersionedCheck,
} from './pod-check.ts'

const defaultCapabilities = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

const appArmorProfile: PodCheck = (pod) => {
  const isBad = (type: string | undefined): boolean => type !== 'RuntimeDefault' && type !== 'Localhost'
  const own = pod.spec.securityContext?.appArmorProfile
  const containers = containersThat(
    pod,
    ({ appArmorProfile }) => !!appArmorProfile && isBad(appArmorProfile.type),
  )
  const types = [own, ...allContainers(pod).map(({ securityContext }) => securityContext?.appArmorProfile)]
    .filter((profile) => profile && isBad(profile.type))
    .map((profile) => profile?.type ?? '')
  const annotations = Object.entries(pod.annotations)
    .filter(
      ([key, value]) =>
        key.startsWith('container.apparmor.security.beta.kubernetes.io/') && isBadAppArmor(value),
    )
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
  const who = [
    setters(!!own && isBad(own.type), containers),
    ...(annotations.length > 0 ? [plural('annotation', annotations.length)] : []),
  ].filter((text) => text !== '')
  if (who.length === 0) return undefined
  const values = [...sorted(types), ...annotations]
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  }
}

function isBadAppArmor(value: string): boolean {
  return value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/')
}

const capabilities: PodCheck = (pod) => {
  const isBad = (capability: string): boolean => !defaultCapabilities.has(capability)
  const names = containersThat(pod, ({ capabilities }) => !!capabilities?.add?.some(isBad))
  if (names.length === 0) return undefined
  const added = allContainers(pod).flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? [])
  return {
    reason: 'non-default capabilities',
    detail: `${named('container', names)} must not include ${quoted(sorted(added.filter(isBad)))} in securityContext.capabilities.add`,
  }
}

const hostNamespaces: PodCheck = ({ spec }) => {
  const set = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name])
  return set.length > 0
    ? { reason: 'host namespaces', detail: set.map((name) => `${name}=true`).join(', ') }
    : undefined
}

const hostPathVolumes: PodCheck = ({ spec }) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name)
  return names.length > 0 ? { reason: 'hostPath volumes', detail: named('volume', names) } : undefined
}

const hostPorts: PodCheck = (pod) => {
  const bad = allContainers(pod).filter(({ ports }) => ports?.some(({ hostPort }) => hostPort))
  if (bad.length === 0) return undefined
  const ports = sorted(
    bad.flatMap(({ ports }) => (ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []))),
  )
  const uses = bad.length === 1 ? 'uses' : 'use'
  const names = bad.map(({ name }) => name)
  return {
    reason: 'hostPort',
    detail: `${named('container', names)} ${uses} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  }
}

const hostProbes: PodCheck = (pod) => {
  const bad = new Map<string, string[]>()
  for (const { name, livenessProbe, readinessProbe, startupProbe, lifecycle } of allContainers(pod)) {
    const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop]
    const hosts = handlers.flatMap(hostsOf)
    if (hosts.length > 0) bad.set(name, hosts)
  }
  if (bad.size === 0) return undefined
  const hosts = sorted([...bad.values()].flat())
  const uses = bad.size === 1 ? 'uses' : 'use'
  return {
    reason: 'probe or lifecycle host',
    detail: `${named('container', sorted(bad.keys()))} ${uses} ${plural('probe or lifecycle host', hosts.length)} ${quoted(hosts)}`,
  }
}

function hostsOf(handler: Probe | Lifecycle['preStop'] | undefined): string[] {
  return [handler?.httpGet?.host, handler?.tcpSocket?.host].filter((host): host is string => !!host)
}

const privileged: PodCheck = (pod) => {
  const names = containersThat(pod, (context) => context.privileged === true)
  if (names.length === 0) return undefined
  return {
    reason: 'privileged',
    detail: `${named('container', names)} must not set securityContext.privileged=true`,
  }
}

export const procMount: PodCheck = (pod) => {
  const isBad = (type: string | undefined): boolean => type !== undefined && type !== 'Default'
  const names = containersThat(pod, (context) => isBad(context.procMount))
  if (names.length === 0) return undefined
  const types = allContainers(pod).flatMap(({ securityContext }) =>
    isBad(securityContext?.procMount) ? [securityContext?.procMount ?? ''] : [],
  )
  return {
    reason: 'procMount',
    detail: `${named('container', names)} must not set securityContext.procMount to ${quoted(sorted(types))}`,
  }
}

function seLinuxOptions(types: readonly string[]): PodCheck {
  const isBad = (options: SELinuxOptions | undefined): boolean =>
    !!options && (!types.includes(options.type ?? '') || !!options.user || !!options.role)
  return (pod) => {
    const own = pod.spec.securityContext?.seLinuxOptions
    const names = containersThat(pod, (context) => isBad(context.seLinuxOptions))
    if (!isBad(own) && names.length === 0) return undefined
    const all = [own, ...allContainers(pod).map(({ securityContext }) => securityContext?.seLinuxOptions)]
    const badTypes = sorted(
      all.flatMap((each) => (each && !types.includes(each.type ?? '') ? [each.type ?? ''] : [])),
    )
    const data = [
      ...(badTypes.length > 0 ? [named('type', badTypes)] : []),
      ...(all.some((each) => each?.user) ? ['user may not be set'] : []),
      ...(all.some((each) => each?.role) ? ['role may not be set'] : []),
    ]
    return {
      reason: 'seLinuxOptions',
      detail: `${setters(isBad(own), names)} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`,
    }
  }
}

const seccompAnnotations: PodCheck = (pod) => {
  const keys = [
    'seccomp.security.alpha.kubernetes.io/pod',
    ...allContainers(pod).map(({ name }) => `container.seccomp.security.alpha.kubernetes.io/${name}`),
  ]
  const bad = keys.filter((key) => {
    const value = pod.annotations[key]
    return value !== undefined && !/^(runtime\/default$|docker\/default$|localhost\/)/.test(value)
  })
  if (bad.length === 0) return undefined
  const texts = sorted(bad.map((key) => `${key}=${JSON.stringify(pod.annotations[key])}`))
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', texts.length)} ${texts.join(', ')}`,
  }
}

export function isBadSeccomp(type: string | undefined): boolean {
  return type !== 'Localhost' && type !== 'RuntimeDefault'
}

export const seccompProfile: PodCheck = (pod) => {
  const own = pod.spec.securityContext?.seccompProfile
  const names = containersThat(
    pod,
    ({ seccompProfile }) => !!seccompProfile && isBadSeccomp(seccompProfile.type),
  )
  const podIsBad = !!own && isBadSeccomp(own.type)
  if (!podIsBad && names.length === 0) return undefined
  const all = [own, ...allContainers(pod).map(({ securityContext }) => securityContext?.seccompProfile)]
  const types = all.flatMap((each) => (each && isBadSeccomp(each.type) ? [each.type] : []))
  return {
    reason: 'seccompProfile',
    detail: `${setters(podIsBad, names)} must not set securityContext.seccompProfile.type to ${quoted(sorted(types))}`,
  }
}

const sysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
]
const sysctls27 = [...sysctls, 'net.ipv4.ip_local_reserved_ports']
const sysctls29 = [
  ...sysctls27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
]
const sysctls32 = [...sysctls29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']

function onlySysctls(allowed: readonly string[]): PodCheck {
  return ({ spec }) => {
    const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name)
    const bad = names.filter((name) => !allowed.includes(name))
    return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined
  }
}

const windowsHostProcess: PodCheck = (pod) => {
  const own = pod.spec.securityContext?.windowsOptions?.hostProcess === true
  const names = containersThat(pod, ({ windowsOptions }) => windowsOptions?.hostProcess === true)
  if (!own && names.length === 0) return undefined
  return {
    reason: 'hostProcess',
    detail: `${setters(own, names)} must not set securityContext.windowsOptions.hostProcess=true`,
  }
}

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t']

/** In the order in which upstream tells them. */
export const baselineChecks: VersionedCheck[] = (
  [
    ['appArmorProfile', [[0, appArmorProfile]]],
    ['capabilities_baseline', [[0, capabilities]]],
    ['hostNamespaces', [[0, hostNamespaces]]],
    ['hostPathVolumes', [[0, hostPathVolumes]]],
    ['hostPorts', [[0, hostPorts]]],
    ['hostProbesAndHostLifecycle', [[34, hostProbes]]],
    ['privileged', [[0, privileged]]],
    [
      'procMount',
      [
        [0, procMount],
        [35, unlessUserNamespace(procMount)],
      ],
    ],
    [
      'seLinuxOptions',
      [
        [0, seLinuxOptions(seLinuxTypes)],
        [31, seLinuxOptions([...seLinuxTypes, 'container_engine_t'])],
      ],
    ],
    [
      'seccompProfile_baseline',
      [
        [0, seccompAnnotations],
        [19, seccompProfile],
      ],
    ],
    [
      'sysctls',
      [
        [0, onlySysctls(sysctls)],
        [27, onlySysctls(sysctls27)],
        [29, onlySysctls(sysctls29)],
        [32, onlySysctls(sysctls32)],
      ],
    ],
    ['windowsHostProcess', [[0, windowsHostProcess]]],
  ] as [string, VersionedCheck['versions']][]
).map(([id, versions]) => ({ id, level: 'baseline', versions }))
