import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Init } from '@minikube-ts/cri/call.ts'
import {
  type LinuxContainerSecurityContext,
  NamespaceMode,
  type NamespaceOption,
  ProfileType,
  type SecurityProfile,
  SupplementalGroupsPolicy,
  type UserNamespace,
} from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { AppArmorProfile, Container, SeccompProfile, SecurityContext } from '../../api/types/core-v1.ts'
import { describePod, type NodePod } from '../pods/node-pod.ts'

/** Who the image's own configuration runs as. */
export interface ImageUser {
  uid?: number
  username?: string
}

/** The container's settings over those of the pod that apply to containers. */
export function effectiveSecurityContext(pod: NodePod, container: Container): SecurityContext {
  const { seLinuxOptions, runAsUser, runAsGroup, runAsNonRoot } = pod.spec.securityContext ?? {}
  const own = Object.entries(container.securityContext ?? {}).filter(([, value]) => value !== undefined)
  return {
    ...(seLinuxOptions && { seLinuxOptions }),
    ...(runAsUser !== undefined && { runAsUser }),
    ...(runAsGroup !== undefined && { runAsGroup }),
    ...(runAsNonRoot !== undefined && { runAsNonRoot }),
    ...Object.fromEntries(own),
  }
}

/** @throws Error when a container that must not run as root would, or might */
export function verifyNonRoot(pod: NodePod, container: Container, image: ImageUser): void {
  const { runAsNonRoot, runAsUser } = effectiveSecurityContext(pod, container)
  if (!runAsNonRoot) return
  const where = `(pod: "${describePod(pod)}", container: ${container.name})`
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`)
  } else if (image.uid === undefined && image.username) {
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    )
  } else if (image.uid === 0) {
    throw new Error(`container has runAsNonRoot and image will run as root ${where}`)
  }
}

export function namespaceOptions(pod: NodePod, userNamespace: Init<UserNamespace>): Init<NamespaceOption> {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec
  return {
    network: hostNetwork ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: hostIPC ? NamespaceMode.NODE : NamespaceMode.POD,
    pid: hostPID ? NamespaceMode.NODE : shareProcessNamespace ? NamespaceMode.POD : NamespaceMode.CONTAINER,
    usernsOptions: userNamespace,
  }
}

export interface SecurityContextInputs {
  pod: NodePod
  container: Container
  image: ImageUser
  userNamespace: Init<UserNamespace>
  /** Directory that `localhostProfile`s of seccomp are in. */
  seccompRoot: string
  /** Groups that own volumes of the pod (a PersistentVolume's gid annotation). */
  volumeGroups: number[]
  /** Container whose processes an ephemeral container is to see. */
  targetId?: string
}

export function criSecurityContext(inputs: SecurityContextInputs): Init<LinuxContainerSecurityContext> {
  const { pod, container, image, targetId } = inputs
  const effective = effectiveSecurityContext(pod, container)
  const unmasked = effective.procMount === 'Unmasked'
  const namespaces = namespaceOptions(pod, inputs.userNamespace)
  if (targetId && namespaces.pid === NamespaceMode.CONTAINER) {
    namespaces.pid = NamespaceMode.TARGET
    namespaces.targetId = targetId
  }
  const asImage =
    effective.runAsUser === undefined
      ? {
          ...(image.uid !== undefined && { runAsUser: { value: image.uid } }),
          runAsUsername: image.username ?? '',
        }
      : { runAsUser: { value: effective.runAsUser } }
  return {
    ...(effective.capabilities && {
      capabilities: {
        addCapabilities: effective.capabilities.add ?? [],
        dropCapabilities: effective.capabilities.drop ?? [],
      },
    }),
    ...(effective.seLinuxOptions && { selinuxOptions: effective.seLinuxOptions }),
    ...asImage,
    ...(effective.runAsGroup !== undefined && { runAsGroup: { value: effective.runAsGroup } }),
    privileged: effective.privileged ?? false,
    readonlyRootfs: effective.readOnlyRootFilesystem ?? false,
    noNewPrivs: effective.allowPrivilegeEscalation === false,
    namespaceOptions: namespaces,
    ...supplementalGroups(pod, inputs.volumeGroups),
    seccomp: seccompProfile(pod, container, inputs.seccompRoot),
    ...appArmorProfile(pod, container),
    maskedPaths: unmasked ? [] : maskedPaths(),
    readonlyPaths: unmasked ? [] : readonlyPaths,
  }
}

/** Of containers and sandboxes alike. */
export function supplementalGroups(
  pod: NodePod,
  volumeGroups: number[],
): { supplementalGroups: number[]; supplementalGroupsPolicy: SupplementalGroupsPolicy } {
  const { fsGroup, supplementalGroups = [], supplementalGroupsPolicy } = pod.spec.securityContext ?? {}
  return {
    supplementalGroups: [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups, ...volumeGroups],
    supplementalGroupsPolicy:
      supplementalGroupsPolicy === 'Strict'
        ? SupplementalGroupsPolicy.Strict
        : SupplementalGroupsPolicy.Merge,
  }
}

function seccompProfile(pod: NodePod, container: Container, root: string): Init<SecurityProfile> {
  const profile: SeccompProfile | undefined =
    container.securityContext?.seccompProfile ?? pod.spec.securityContext?.seccompProfile
  if (profile?.type === 'RuntimeDefault') return { profileType: ProfileType.RuntimeDefault }
  if (profile?.type === 'Localhost') {
    if (!profile.localhostProfile) {
      throw new Error('localhostProfile must be set if seccompProfile type is Localhost.')
    }
    return { profileType: ProfileType.Localhost, localhostRef: join(root, profile.localhostProfile) }
  }
  return { profileType: ProfileType.Unconfined }
}

const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/'

/** The old form goes along for runtimes that know only that. */
function appArmorProfile(
  pod: NodePod,
  container: Container,
): { apparmor?: Init<SecurityProfile>; apparmorProfile?: string } {
  const profile =
    container.securityContext?.appArmorProfile ??
    annotatedAppArmor(pod.metadata.annotations?.[appArmorAnnotation + container.name]) ??
    pod.spec.securityContext?.appArmorProfile
  switch (profile?.type) {
    case undefined:
      return {}
    case 'RuntimeDefault':
      return { apparmor: { profileType: ProfileType.RuntimeDefault }, apparmorProfile: 'runtime/default' }
    case 'Unconfined':
      return { apparmor: { profileType: ProfileType.Unconfined }, apparmorProfile: 'unconfined' }
    case 'Localhost':
      if (!profile.localhostProfile) throw new Error('missing localhost apparmor profile name')
      return {
        apparmor: { profileType: ProfileType.Localhost, localhostRef: profile.localhostProfile },
        apparmorProfile: `localhost/${profile.localhostProfile}`,
      }
    default:
      throw new Error(`unknown apparmor profile type: "${profile?.type}"`)
  }
}

function annotatedAppArmor(text: string | undefined): AppArmorProfile | undefined {
  if (!text) return undefined
  if (text === 'runtime/default') return { type: 'RuntimeDefault' }
  if (text === 'unconfined') return { type: 'Unconfined' }
  return text.startsWith('localhost/')
    ? { type: 'Localhost', localhostProfile: text.slice('localhost/'.length) }
    : undefined
}

const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

let masked: string[] | undefined

function maskedPaths(): string[] {
  masked ??= [
    '/proc/asound',
    '/proc/acpi',
    '/proc/interrupts',
    '/proc/kcore',
    '/proc/keys',
    '/proc/latency_stats',
    '/proc/timer_list',
    '/proc/timer_stats',
    '/proc/sched_debug',
    '/proc/scsi',
    '/sys/firmware',
    '/sys/devices/virtual/powercap',
    ...thermalThrottlePaths(),
  ]
  return masked
}

function thermalThrottlePaths(): string[] {
  const paths: string[] = []
  let ranges: string
  try {
    ranges = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim()
  } catch {
    return paths
  }
  for (const range of ranges.split(',')) {
    const [first, last = first] = range.split('-').map(Number) as [number, number?]
    for (let cpu = first; cpu <= last; cpu++) {
      const path = `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`
      if (existsSync(path)) paths.push(path)
    }
  }
  return paths
}
