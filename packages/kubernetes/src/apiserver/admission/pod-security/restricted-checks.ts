import type { Volume } from '../../../api/types/core-v1.ts'
import { isBadSeccomp, procMount, seccompProfile } from './baseline-checks.ts'
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
  unlessWindows,
  type VersionedCheck,
} from './pod-check.ts'

const allowPrivilegeEscalation: PodCheck = (pod) => {
  const names = containersThat(pod, (context) => context.allowPrivilegeEscalation !== false)
  if (names.length === 0) return undefined
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${named('container', names)} must set securityContext.allowPrivilegeEscalation=false`,
  }
}

const capabilities: PodCheck = (pod) => {
  const isBad = (capability: string): boolean => capability !== 'NET_BIND_SERVICE'
  const keeping = containersThat(pod, ({ capabilities }) => !capabilities?.drop?.includes('ALL'))
  const adding = containersThat(pod, ({ capabilities }) => !!capabilities?.add?.some(isBad))
  const added = allContainers(pod).flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? [])
  const details = [
    ...(keeping.length > 0
      ? [`${named('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(adding.length > 0
      ? [
          `${named('container', adding)} must not include ${quoted(sorted(added.filter(isBad)))} in securityContext.capabilities.add`,
        ]
      : []),
  ]
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined
}

const allowedVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

const volumes: PodCheck = ({ spec }) => {
  const sourceOf = ({ name: _, ...sources }: Volume): string => Object.keys(sources)[0] ?? 'unknown'
  const bad = (spec.volumes ?? []).filter((volume) => !allowedVolumes.includes(sourceOf(volume)))
  if (bad.length === 0) return undefined
  const types = sorted(bad.map(sourceOf))
  const uses = bad.length === 1 ? 'uses' : 'use'
  const names = bad.map(({ name }) => name)
  return {
    reason: 'restricted volume types',
    detail: `${named('volume', names)} ${uses} ${plural('restricted volume type', types.length)} ${quoted(types)}`,
  }
}

const runAsNonRoot: PodCheck = (pod) => {
  const own = pod.spec.securityContext?.runAsNonRoot
  const explicit = containersThat(pod, (context) => context.runAsNonRoot === false)
  const reason = 'runAsNonRoot != true'
  if (own === false || explicit.length > 0) {
    return {
      reason,
      detail: `${setters(own === false, explicit)} must not set securityContext.runAsNonRoot=false`,
    }
  }
  if (own === true) return undefined
  const implicit = containersThat(pod, (context) => context.runAsNonRoot === undefined)
  if (implicit.length === 0) return undefined
  return {
    reason,
    detail: `pod or ${named('container', implicit)} must set securityContext.runAsNonRoot=true`,
  }
}

const runAsUser: PodCheck = (pod) => {
  const own = pod.spec.securityContext?.runAsUser === 0
  const names = containersThat(pod, (context) => context.runAsUser === 0)
  if (!own && names.length === 0) return undefined
  return { reason: 'runAsUser=0', detail: `${setters(own, names)} must not set runAsUser=0` }
}

const seccomp: PodCheck = (pod) => {
  const explicit = seccompProfile(pod)
  if (explicit) return explicit
  const own = pod.spec.securityContext?.seccompProfile
  if (own && !isBadSeccomp(own.type)) return undefined
  const implicit = containersThat(pod, (context) => !context.seccompProfile)
  if (implicit.length === 0) return undefined
  return {
    reason: 'seccompProfile',
    detail: `pod or ${named('container', implicit)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}

/** In the order in which upstream tells them. */
export const restrictedChecks: VersionedCheck[] = [
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    versions: [
      [8, allowPrivilegeEscalation],
      [25, unlessWindows(allowPrivilegeEscalation)],
    ],
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    versions: [
      [22, capabilities],
      [25, unlessWindows(capabilities)],
    ],
    overrides: ['capabilities_baseline'],
  },
  { id: 'procMount_restricted', level: 'restricted', versions: [[35, procMount]], overrides: ['procMount'] },
  { id: 'restrictedVolumes', level: 'restricted', versions: [[0, volumes]], overrides: ['hostPathVolumes'] },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    versions: [
      [0, runAsNonRoot],
      [35, unlessUserNamespace(runAsNonRoot)],
    ],
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    versions: [
      [23, runAsUser],
      [35, unlessUserNamespace(runAsUser)],
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    versions: [
      [19, seccomp],
      [25, unlessWindows(seccomp)],
    ],
    overrides: ['seccompProfile_baseline'],
  },
]
