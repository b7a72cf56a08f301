import { labelMatcher } from '../../api/label-selector.ts'
import { parseTime } from '../../api/time.ts'
import type { PodDisruptionBudget } from '../../api/types/policy-v1.ts'
import type { NodeInfo } from '../cluster/node-info.ts'
import type { PodInfo } from '../cluster/pod-info.ts'
import type { Cycle } from '../cycle/cycle.ts'
import type { Rejection } from '../plugins/plugin.ts'

/** Pods that would have to leave a node, most important first, and how many of them a disruption budget protects. */
export interface Victims {
  readonly node: NodeInfo
  readonly pods: readonly PodInfo[]
  readonly violations: number
}

const noVictims: Rejection = {
  plugin: 'DefaultPreemption',
  reasons: ['No preemption victims found for incoming pod'],
  resolvable: false,
}

/**
 * The fewest and least important pods whose leaving makes room on the node. All less important pods are taken away first;
 * if that helps, as many as fit are put back: the protected ones first, in each group the most important first.
 */
export function selectVictims(
  cycle: Cycle,
  node: NodeInfo,
  budgets: readonly PodDisruptionBudget[],
): Victims | Rejection {
  const candidates = [...node.pods].filter(({ priority }) => priority < cycle.pod.priority)
  if (candidates.length === 0) return noVictims
  const gone = new Set(candidates)
  for (const pod of candidates) cycle.take(pod, node)
  try {
    const rejection = cycle.check(node)
    if (rejection) return rejection
    const { protectedPods, others } = byProtection(candidates.sort(moreImportantFirst), budgets)
    const reprieve = (pod: PodInfo): void => {
      cycle.put(pod, node)
      gone.delete(pod)
      if (!cycle.check(node)) return
      cycle.take(pod, node)
      gone.add(pod)
    }
    for (const pod of [...protectedPods, ...others]) reprieve(pod)
    const pods = [...gone].sort(moreImportantFirst)
    return { node, pods, violations: protectedPods.filter((pod) => gone.has(pod)).length }
  } finally {
    for (const pod of gone) cycle.put(pod, node)
  }
}

export function isVictims(result: Victims | Rejection): result is Victims {
  return 'pods' in result
}

/** By priority, then by age: what has run longer matters more. */
function moreImportantFirst(left: PodInfo, right: PodInfo): number {
  return right.priority - left.priority || startOf(left) - startOf(right)
}

/** A pod that has not started counts as starting now. */
export function startOf({ pod }: PodInfo): number {
  return parseTime(pod.status?.startTime) ?? Number.MAX_SAFE_INTEGER
}

/** Splits pods, in their order, by whether a disruption budget has no room for their leaving any more. */
function byProtection(
  pods: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): { protectedPods: PodInfo[]; others: PodInfo[] } {
  const limits = budgets.map((budget) => ({
    budget,
    matches: labelMatcher(budget.spec?.selector),
    empty: isEmptySelector(budget),
    left: budget.status?.disruptionsAllowed ?? 0,
  }))
  const protectedPods: PodInfo[] = []
  const others: PodInfo[] = []
  for (const pod of pods) {
    let isProtected = false
    for (const limit of limits) {
      const { budget, matches, empty } = limit
      if (budget.metadata.namespace !== pod.namespace || empty || !matches(pod.labels)) continue
      // Its disruption has been counted already.
      if (budget.status?.disruptedPods?.[pod.pod.metadata.name ?? '']) continue
      limit.left--
      if (limit.left < 0) isProtected = true
    }
    if (isProtected) protectedPods.push(pod)
    else others.push(pod)
  }
  return { protectedPods, others }
}

/** Here, unlike elsewhere, an empty selector selects nothing. */
function isEmptySelector({ spec }: PodDisruptionBudget): boolean {
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {}
  return Object.keys(matchLabels).length + matchExpressions.length === 0
}
