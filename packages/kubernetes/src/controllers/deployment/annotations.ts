import type { ReplicaSet } from '../../api/types/apps-v1.ts'
import { maxSurge } from './fenceposts.ts'
import { type OwnDeployment, wantedReplicas } from './rollout.ts'

export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const historyAnnotation = 'deployment.kubernetes.io/revision-history'
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
const maxAnnotation = 'deployment.kubernetes.io/max-replicas'
export const rollbackAnnotation = 'deprecated.deployment.rollback.to'
const historyLimit = 2000

const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  rollbackAnnotation,
])

type Annotations = Record<string, string>

/** Of 64 bits; 0 when there is none, or it is no number. */
export function revisionOf(set: ReplicaSet): bigint {
  const text = set.metadata.annotations?.[revisionAnnotation] ?? ''
  return /^\d+$/.test(text) ? BigInt(text) : 0n
}

export function highestRevision(sets: ReplicaSet[]): bigint {
  return ascending(sets).at(-1) ?? 0n
}

/** The one before the newest; 0 when there is none. */
export function previousRevision(sets: ReplicaSet[]): bigint {
  return ascending(sets).at(-2) ?? 0n
}

function ascending(sets: ReplicaSet[]): bigint[] {
  return sets.map(revisionOf).sort(compareRevisions)
}

export function compareRevisions(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function replicaCount(set: ReplicaSet, annotation: string): number | undefined {
  const text = set.metadata.annotations?.[annotation]
  if (text === undefined || !/^\d+$/.test(text)) return undefined
  const count = Number(text)
  return count <= 0x7fffffff ? count : undefined
}

/** How many replicas the Deployment wanted when it last scaled the set. */
export function desiredReplicas(set: ReplicaSet): number | undefined {
  return replicaCount(set, desiredAnnotation)
}

/** Wanted replicas and surge of that time. */
export function maxReplicas(set: ReplicaSet): number | undefined {
  return replicaCount(set, maxAnnotation)
}

export function replicaAnnotations(deployment: OwnDeployment): Annotations {
  const wanted = wantedReplicas(deployment)
  return { [desiredAnnotation]: `${wanted}`, [maxAnnotation]: `${wanted + maxSurge(deployment)}` }
}

/** The annotations that a set should have that runs the Deployment's template as `revision`. */
export function annotationsOfNewSet(
  deployment: OwnDeployment,
  existing: Annotations | undefined,
  revision: bigint,
): Annotations {
  const annotations: Annotations = { ...existing }
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!ownAnnotations.has(key)) annotations[key] = value
  }
  const before = existing?.[revisionAnnotation]
  if (before !== undefined && before !== '' && !/^\d+$/.test(before)) return annotations
  if (BigInt(before ?? 0) < revision) {
    annotations[revisionAnnotation] = `${revision}`
    // An old set that is current again keeps the numbers that it had.
    if (before !== undefined) {
      const history = appendHistory(annotations[historyAnnotation], before)
      if (history !== undefined) annotations[historyAnnotation] = history
    }
  }
  return existing ? annotations : { ...annotations, ...replicaAnnotations(deployment) }
}

/** Oldest numbers go when the text gets too long; nothing is added when that does not help. */
function appendHistory(history: string | undefined, revision: string): string | undefined {
  if (!history) return revision
  const revisions = history.split(',')
  let length = history.length + revision.length + 1
  while (length > historyLimit && revisions.length > 0) length -= (revisions.shift()?.length ?? 0) + 1
  return length > historyLimit ? undefined : [...revisions, revision].join(',')
}

/** A rolled back Deployment gets the annotations of the set that it goes back to, besides its own bookkeeping. */
export function annotationsAfterRollback(deployment: OwnDeployment, target: ReplicaSet): Annotations {
  const pick = (annotations: Annotations | undefined, own: boolean): [string, string][] =>
    Object.entries(annotations ?? {}).filter(([key]) => ownAnnotations.has(key) === own)
  return Object.fromEntries([
    ...pick(deployment.metadata.annotations, true),
    ...pick(target.metadata.annotations, false),
  ])
}
