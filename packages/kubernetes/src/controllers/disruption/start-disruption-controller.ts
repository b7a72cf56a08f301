import { goFormat } from '../../api/go-format.ts'
import { deepEqual } from '../../api/json.ts'
import { labelMatcher } from '../../api/label-selector.ts'
import { parseTime, toTime } from '../../api/time.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Condition } from '../../api/types/meta-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types/policy-v1.ts'
import { findCondition, withCondition } from '../../client/conditions.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { isPodReady } from '../../client/pod-state.ts'
import { podDisruptionBudgets, pods } from '../../client/resources.ts'
import { errorMessage } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { ResourceSource } from '../resource-source.ts'
import { expectedPods } from './expected-pods.ts'

/** A pod whose eviction was allowed and that is still there after this counts again. */
const deletionTimeoutMs = 2 * 60_000
const stalePrefix = 'stale '

/** Keeps the status of PodDisruptionBudgets, which evictions are allowed by; keys are those of budgets. */
export function startDisruptionController(context: ControllerContext, source: ResourceSource): Controller {
  const name = 'controllermanager'
  const { client } = context
  const events = context.recorder(name)
  const cache = context.informers.informer<PodDisruptionBudget>(podDisruptionBudgets)
  const podCache = podInformer(context)
  const loop = createLoop(context, {
    name: 'disruption-controller',
    caches: [cache, podCache],
    reconcile: (key) =>
      key.startsWith(stalePrefix) ? clearStale(key.slice(stalePrefix.length)) : reconcile(key),
  })
  loop.follow(cache)
  loop.listen(podCache, ({ current, old }) => {
    const pod = (current ?? old) as Pod
    for (const budget of cache.list(pod.metadata.namespace)) {
      const matches = labelMatcher(budget.spec?.selector)
      if ([current, old].some((each) => each && matches(each.metadata.labels))) loop.queue.add(keyOf(budget))
    }
    if (current && disruptionTarget(current)) loop.queue.add(stalePrefix + keyOf(current))
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: budgetName } = splitKey(key)
    const budget = cache.get(namespace, budgetName)
    if (!budget) return
    const matches = labelMatcher(budget.spec?.selector)
    const selected = podCache.list(namespace).filter(({ metadata }) => matches(metadata.labels))
    if (selected.length === 0) events.event({ ...budget }, 'Normal', 'NoPods', 'No matching pods found')
    try {
      const { expected, desired, unmanaged } = await expectedPods(client, source, budget, selected)
      if (unmanaged.length > 0) tellUnmanaged(budget)
      await writeStatus(key, budget, selected, expected, desired)
    } catch (error) {
      const message = `Failed to calculate the number of expected pods: ${errorMessage(error)}`
      events.event({ ...budget }, 'Warning', 'CalculateExpectedPodCountFailed', message)
      await failSafe(budget, error)
      throw error
    }
  }

  function tellUnmanaged(budget: PodDisruptionBudget): void {
    const message = `Pods selected by this PodDisruptionBudget (selector: ${goFormat(budget.spec?.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`
    events.event({ ...budget }, 'Warning', 'UnmanagedPods', message)
  }

  async function writeStatus(
    key: string,
    budget: PodDisruptionBudget,
    selected: Pod[],
    expected: number,
    desired: number,
  ): Promise<void> {
    const now = context.now()
    const disrupted = stillDisrupted(budget, selected, now)
    const healthy = selected.filter(
      (pod) => !pod.metadata.deletionTimestamp && !disrupted.has(pod.metadata.name ?? '') && isPodReady(pod),
    ).length
    const allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired)
    const { generation } = budget.metadata
    const condition = {
      type: 'DisruptionAllowed',
      status: allowed > 0 ? 'True' : 'False',
      reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      ...(generation !== undefined && { observedGeneration: generation }),
    }
    const status: PodDisruptionBudgetStatus = {
      ...(generation !== undefined && { observedGeneration: generation }),
      ...(disrupted.size > 0 && { disruptedPods: Object.fromEntries(disrupted) }),
      disruptionsAllowed: allowed,
      currentHealthy: healthy,
      desiredHealthy: desired,
      expectedPods: expected,
      conditions: conditionsOf(budget, condition, now),
    }
    if (!deepEqual(budget.status, status)) await update(budget, status)
    const ends = [...disrupted.values()].map((time) => (parseTime(time) ?? now) + deletionTimeoutMs)
    if (ends.length > 0) loop.queue.addAfter(key, Math.min(...ends) - now + 1)
  }

  function stillDisrupted(
    { metadata, status }: PodDisruptionBudget,
    selected: Pod[],
    now: number,
  ): Map<string, string> {
    const result = new Map<string, string>()
    for (const pod of selected) {
      const podName = pod.metadata.name ?? ''
      const time = status?.disruptedPods?.[podName]
      if (pod.metadata.deletionTimestamp || time === undefined) continue
      if ((parseTime(time) ?? 0) + deletionTimeoutMs >= now) result.set(podName, time)
      else {
        const message = `Pod was expected by PDB ${metadata.namespace}/${metadata.name} to be deleted but it wasn't`
        events.event({ ...pod }, 'Warning', 'NotDeleted', message)
      }
    }
    return result
  }

  /** Nothing may be evicted while nobody can tell what that would do. */
  async function failSafe(budget: PodDisruptionBudget, error: unknown): Promise<void> {
    const { observedGeneration } = budget.status ?? {}
    const condition = {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'SyncFailed',
      message: errorMessage(error),
      ...(observedGeneration !== undefined && { observedGeneration }),
    }
    const status = {
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
      ...budget.status,
      disruptionsAllowed: 0,
      conditions: conditionsOf(budget, condition, context.now()),
    }
    if (!deepEqual(budget.status, status)) await update(budget, status)
  }

  async function update(budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Promise<void> {
    await client.update<PodDisruptionBudget>(
      podDisruptionBudgets,
      { ...budget, status },
      { subresource: 'status' },
    )
  }

  /** A pod that was to be disrupted and was not is an ordinary one again. */
  async function clearStale(key: string): Promise<void> {
    const { namespace, name: podName } = splitKey(key)
    const pod = podCache.get(namespace, podName)
    const target = pod && disruptionTarget(pod)
    if (!pod || !target) return
    const now = context.now()
    const left = (parseTime(target.lastTransitionTime) ?? now) + deletionTimeoutMs - now
    if (left > 0) {
      loop.queue.addAfter(stalePrefix + key, left)
      return
    }
    const condition = { type: 'DisruptionTarget', status: 'False' }
    const conditions = withCondition(pod.status?.conditions, condition, toTime(now))
    await client.update<Pod>(
      pods,
      { ...pod, status: { ...pod.status, conditions } },
      { subresource: 'status' },
    )
  }

  return loop
}

function disruptionTarget({ metadata, status }: Pod) {
  const target = findCondition(status?.conditions, 'DisruptionTarget')
  return target?.status === 'True' && !metadata.deletionTimestamp ? target : undefined
}

function conditionsOf(
  { status }: PodDisruptionBudget,
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: number,
): Condition[] {
  const before = findCondition(status?.conditions, condition.type)
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : toTime(now)
  const others = (status?.conditions ?? []).filter((each) => each !== before)
  return [...others, { ...condition, lastTransitionTime }]
}
