import { deepEqual } from '../../api/json.ts'
import type { PodCondition, PodStatus } from '../../api/types/core-v1.ts'
import { ownConditions } from './generate-status.ts'

/** Lists that strategic merge would merge by key, and that the kubelet owns whole. */
const wholeLists = new Set<keyof PodStatus>(['podIPs', 'hostIPs'])

/** Fields that others write. */
const foreign = new Set<keyof PodStatus>([
  'nominatedNodeName',
  'resourceClaimStatuses',
  'extendedResourceClaimStatus',
  'nodeAllocatableResourceClaimStatuses',
])

/**
 * The strategic merge patch that turns the API's status into ours and leaves alone what others wrote; `undefined` when
 * there is no difference.
 */
export function statusPatch(uid: string, current: PodStatus, wanted: PodStatus): object | undefined {
  const changes: Record<string, unknown> = {}
  const keys = new Set([...Object.keys(current), ...Object.keys(wanted)]) as Set<keyof PodStatus>
  for (const key of keys) {
    if (foreign.has(key) || key === 'conditions' || deepEqual(current[key], wanted[key])) continue
    const value = wanted[key]
    if (value === undefined) changes[key] = null
    else if (wholeLists.has(key)) changes[key] = [{ $patch: 'replace' }, ...(value as object[])]
    // A struct would be merged into: say which of its old fields go.
    else changes[key] = Array.isArray(value) ? value : replaced(current[key], value)
  }
  const conditions = conditionChanges(current.conditions ?? [], wanted.conditions ?? [])
  if (conditions.length > 0) changes.conditions = conditions
  if (Object.keys(changes).length === 0) return undefined
  return { metadata: { uid }, status: changes }
}

function replaced(before: unknown, after: unknown): unknown {
  if (typeof before !== 'object' || typeof after !== 'object' || !before || !after) return after
  const gone = Object.keys(before).filter((key) => !(key in after))
  return { ...after, ...Object.fromEntries(gone.map((key) => [key, null])) }
}

function conditionChanges(before: PodCondition[], after: PodCondition[]): object[] {
  const changes: object[] = []
  for (const condition of after) {
    if (!isOurs(condition.type)) continue
    const old = before.find(({ type }) => type === condition.type)
    if (!old || !deepEqual(withoutNulls(old), withoutNulls(condition))) {
      changes.push(old ? (replaced(old, condition) as object) : condition)
    }
  }
  for (const { type } of before) {
    const gone = !after.some((condition) => condition.type === type)
    if (gone && ownConditions.has(type)) changes.push({ type, $patch: 'delete' })
  }
  return changes
}

function isOurs(type: string): boolean {
  return ownConditions.has(type) || type === 'DisruptionTarget'
}

/** `lastProbeTime: null` is what Go writes for a time that is not set. */
function withoutNulls(condition: PodCondition): object {
  return Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== null))
}
