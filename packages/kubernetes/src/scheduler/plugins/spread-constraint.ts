import { type LabelMatcher, labelMapMatcher, labelMatcher } from '../../api/label-selector.ts'
import type { NodeMatcher } from '../../api/scheduling/node-affinity.ts'
import { hardEffects, untoleratedTaint } from '../../api/scheduling/taints.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { NodeInfo } from '../cluster/node-info.ts'

/** One topology spread constraint of a pod, ready to be applied. */
export interface SpreadConstraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly minDomains: number
  /** Whether nodes that the pod cannot go to, by affinity or by taints, are left out of the count. */
  readonly honorsAffinity: boolean
  readonly honorsTaints: boolean
  readonly matches: LabelMatcher
}

/** The pods that count for one without constraints of its own; `undefined` when nothing selects it. */
export type DefaultSelector = (pod: Pod) => LabelMatcher | undefined

export function constraintsOf(pod: Pod, action: 'DoNotSchedule' | 'ScheduleAnyway'): SpreadConstraint[] {
  const labels = pod.metadata.labels ?? {}
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((constraint) => {
      const bySelector = labelMatcher(constraint.labelSelector)
      const same = (constraint.matchLabelKeys ?? []).filter((key) => labels[key] !== undefined)
      const byKeys = labelMapMatcher(Object.fromEntries(same.map((key) => [key, labels[key] ?? ''])))
      // An empty selector counts nobody, as upstream has it; keys to match make it one that is not empty.
      const empty = same.length === 0 && isEmptySelector(constraint.labelSelector)
      return {
        maxSkew: constraint.maxSkew,
        topologyKey: constraint.topologyKey,
        minDomains: constraint.minDomains ?? 1,
        honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
        honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
        matches: empty ? () => false : (other) => bySelector(other) && byKeys(other),
      }
    })
}

function isEmptySelector(
  selector: { matchLabels?: object; matchExpressions?: unknown[] } | undefined,
): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions ?? []).length === 0
}

/** Softly over hosts, more softly over zones. */
export function defaultConstraints(pod: Pod, selectorOf: DefaultSelector): SpreadConstraint[] {
  const matches = selectorOf(pod)
  if (!matches) return []
  const common = { minDomains: 1, honorsAffinity: true, honorsTaints: false, matches }
  return [
    { ...common, topologyKey: 'kubernetes.io/hostname', maxSkew: 3 },
    { ...common, topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
  ]
}

/** Whether a node's pods count under the constraint's inclusion policies. */
export function countsIn(
  { honorsAffinity, honorsTaints }: SpreadConstraint,
  pod: Pod,
  node: Node,
  fitsNode: NodeMatcher | undefined,
): boolean {
  if (honorsAffinity && fitsNode && !fitsNode(node)) return false
  return !honorsTaints || !untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, hardEffects)
}

/** How many pods of the node count: of that namespace, selected, and not on their way out. */
export function countMatching(node: NodeInfo, { matches }: SpreadConstraint, namespace: string): number {
  let count = 0
  for (const other of node.pods) {
    if (other.namespace === namespace && !other.pod.metadata.deletionTimestamp && matches(other.labels))
      count++
  }
  return count
}
