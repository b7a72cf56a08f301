import type { StatefulSet } from '../../api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.ts'
import { controllerRef } from '../../client/owner-reference.ts'
import { podFromTemplate } from '../common/pod-control.ts'

export const revisionLabel = 'controller-revision-hash'
const podNameLabel = 'statefulset.kubernetes.io/pod-name'
const podIndexLabel = 'apps.kubernetes.io/pod-index'

/** The set's name and the number in a pod's name; -1 when it has none. */
export function parsePodName(pod: Pod): { parent: string; ordinal: number } {
  const match = /^(.*)-(\d+)$/s.exec(pod.metadata.name ?? '')
  const ordinal = match ? Number(match[2]) : -1
  return match && ordinal <= 0x7fffffff ? { parent: match[1] ?? '', ordinal } : { parent: '', ordinal: -1 }
}

export function ordinalOf(pod: Pod): number {
  return parsePodName(pod).ordinal
}

export function firstOrdinal({ spec }: StatefulSet): number {
  return spec?.ordinals?.start ?? 0
}

export function replicasOf({ spec }: StatefulSet): number {
  return spec?.replicas ?? 1
}

export function isInRange(set: StatefulSet, ordinal: number): boolean {
  return ordinal >= firstOrdinal(set) && ordinal < firstOrdinal(set) + replicasOf(set)
}

export function claimName(set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string {
  return `${template.metadata.name}-${set.metadata.name}-${ordinal}`
}

/** The claims of a pod, made from the set's templates. */
export function claimsOf(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => {
    const { status: _, ...claim } = structuredClone(template)
    return {
      ...claim,
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...claim.metadata,
        name: claimName(set, template, ordinal),
        ...(set.metadata.namespace && { namespace: set.metadata.namespace }),
        labels: { ...claim.metadata.labels, ...set.spec?.selector.matchLabels },
      },
    }
  })
}

export function newPod(set: StatefulSet, ordinal: number, revision: string): Pod {
  const pod = podFromTemplate(set.spec?.template ?? {}, set, controllerRef(set, 'apps/v1', 'StatefulSet'))
  const { generateName: _, ...metadata } = pod.metadata
  const name = `${set.metadata.name}-${ordinal}`
  return withIdentity(set, {
    ...pod,
    metadata: { ...metadata, name, labels: { ...metadata.labels, [revisionLabel]: revision } },
    spec: {
      containers: [],
      ...pod.spec,
      hostname: name,
      ...(set.spec?.serviceName && { subdomain: set.spec.serviceName }),
    },
  })
}

/** The pod with the labels and volumes that its place in the set gives it. */
export function withIdentity(set: StatefulSet, pod: Pod): Pod {
  const ordinal = ordinalOf(pod)
  const name = `${set.metadata.name}-${ordinal}`
  const volumes = (set.spec?.volumeClaimTemplates ?? []).map(
    (template): Volume => ({
      name: template.metadata.name ?? '',
      persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
    }),
  )
  const own = new Set(volumes.map((volume) => volume.name))
  const others = (pod.spec?.volumes ?? []).filter((volume) => !own.has(volume.name))
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata.labels, [podNameLabel]: name, [podIndexLabel]: `${ordinal}` },
    },
    spec: {
      containers: [],
      ...pod.spec,
      ...(volumes.length + others.length > 0 && { volumes: [...volumes, ...others] }),
    },
  }
}

export function hasIdentity(set: StatefulSet, pod: Pod): boolean {
  const { parent, ordinal } = parsePodName(pod)
  return (
    ordinal >= 0 &&
    parent === set.metadata.name &&
    pod.metadata.labels?.[podNameLabel] === pod.metadata.name &&
    (set.spec?.volumeClaimTemplates ?? []).every((template) =>
      pod.spec?.volumes?.some(
        (volume) =>
          volume.name === template.metadata.name &&
          volume.persistentVolumeClaim?.claimName === claimName(set, template, ordinal),
      ),
    )
  )
}
