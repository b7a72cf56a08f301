import type { ObjectMeta } from '../../kube-object.ts'
import type { PodSpec, SeccompProfile } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { eachContainer } from './each-container.ts'
import { validateDescendingPath } from './paths.ts'
import { deletionCostAnnotation, isDeletionCost, type PodOptions } from './pod-options.ts'

export const mirrorAnnotation = 'kubernetes.io/config.mirror'
const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'
const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/'

/** Annotations of a pod that mean something. */
export function validatePodAnnotations(
  { annotations = {} }: ObjectMeta,
  spec: PodSpec,
  field: Field,
  options: PodOptions,
): void {
  const mirror = annotations[mirrorAnnotation]
  if (mirror !== undefined && !spec.nodeName)
    field.key(mirrorAnnotation).invalid(mirror, 'must set spec.nodeName if mirror pod annotation is set')
  const cost = annotations[deletionCostAnnotation]
  if (!options.allowInvalidDeletionCost && !isDeletionCost(cost))
    field.key(deletionCostAnnotation).invalid(cost, 'must be a 32bit integer')
  const names = new Set(eachContainer(spec, field).map(([container]) => container.name))
  for (const [key, value] of Object.entries(annotations)) {
    if (key === seccompPod || key.startsWith(seccompPrefix)) validateSeccomp(value, field.at(key))
    if (!key.startsWith(appArmorPrefix)) continue
    const name = key.slice(appArmorPrefix.length)
    if (!names.has(name)) field.key(key).invalid(name, 'container not found')
    if (value && value !== 'runtime/default' && value !== 'unconfined' && !value.startsWith('localhost/'))
      field.key(key).invalid(value, `invalid AppArmor profile name: ${JSON.stringify(value)}`)
  }
}

function validateSeccomp(profile: string, field: Field): void {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return
  if (profile.startsWith('localhost/')) validateDescendingPath(profile.slice('localhost/'.length), field)
  else field.invalid(profile, 'must be a valid seccomp profile')
}

/** What never changes once a pod is there. */
export function validatePodAnnotationUpdates(next: ObjectMeta, old: ObjectMeta, field: Field): void {
  const now = next.annotations ?? {}
  const before = old.annotations ?? {}
  for (const [key, value] of Object.entries(before)) {
    if (now[key] === value) continue
    if (key.startsWith(appArmorPrefix))
      field.key(key).forbidden('may not remove or update AppArmor annotations')
    if (key === mirrorAnnotation) field.key(key).forbidden('may not remove or update mirror pod annotation')
  }
  for (const key of Object.keys(now)) {
    if (before[key] !== undefined) continue
    if (key.startsWith(appArmorPrefix)) field.key(key).forbidden('may not add AppArmor annotations')
    if (key === mirrorAnnotation) field.key(key).forbidden('may not add mirror pod annotation')
  }
}

/** Annotations of old and the fields that took their place say the same. `field` is the spec. */
export function validateProfileAnnotations(
  { annotations = {} }: ObjectMeta,
  spec: PodSpec,
  field: Field,
): void {
  const compare = (
    annotation: string | undefined,
    profile: SeccompProfile | undefined,
    kind: string,
    at: Field,
  ): void => {
    if (annotation === undefined || !profile) return
    const local = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : undefined
    const isSameType =
      profile.type === 'Localhost'
        ? local !== undefined
        : profile.type === 'Unconfined'
          ? annotation === 'unconfined'
          : annotation === 'runtime/default' || (kind === 'seccomp' && annotation === 'docker/default')
    if (!isSameType) at.at('type').forbidden(`${kind} type in annotation and field must match`)
    else if (local !== undefined && local !== profile.localhostProfile)
      at.at('localhostProfile').forbidden(`${kind} profile in annotation and field must match`)
  }
  compare(
    annotations[seccompPod],
    spec.securityContext?.seccompProfile,
    'seccomp',
    field.at('securityContext', 'seccompProfile'),
  )
  for (const [container, path] of eachContainer(spec, field)) {
    const at = path.at('securityContext')
    compare(
      annotations[seccompPrefix + container.name],
      container.securityContext?.seccompProfile,
      'seccomp',
      at.at('seccompProfile'),
    )
    if (spec.os?.name !== 'windows')
      compare(
        annotations[appArmorPrefix + container.name],
        container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile,
        'apparmor',
        at.at('appArmorProfile'),
      )
  }
}
