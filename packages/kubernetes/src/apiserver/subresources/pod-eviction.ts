import { ApiError, isReason } from '../../api/api-error.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import { labelMatcher } from '../../api/label-selector.ts'
import { toTime } from '../../api/time.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../../api/types/policy-v1.ts'
import { findCondition, withCondition } from '../../client/conditions.ts'
import { isPodReady } from '../../client/pod-state.ts'
import { builtinShape } from '../registry/builtin-resources.ts'
import type { DeletionOptions } from '../registry/deletion.ts'
import type { Registry, Target, WriteContext } from '../registry/registry.ts'
import type { ResourceCatalog } from '../registry/resource-catalog.ts'
import { storePrefix } from '../registry/store-key.ts'
import type { SubresourceCreate, SubresourceHandler } from '../registry/subresource-handler.ts'
import { successStatus } from './success-status.ts'

type StoredPod = StoredKubeObject & Pod
type StoredBudget = StoredKubeObject & PodDisruptionBudget

/** More pods than this under way at once would make the budget's status too large. */
const maxDisruptedPods = 2000

/** `pods/eviction`: a deletion that asks the pod's disruption budget first. */
export function podEvictionHandler(
  registry: Registry,
  catalog: ResourceCatalog,
  now: () => number,
): SubresourceHandler {
  const evictor = new Evictor(registry, catalog, now)
  return {
    get body() {
      return builtinShape({ group: 'policy', version: 'v1', kind: 'Eviction' })
    },
    create: (request) => evictor.evict(request),
  }
}

class Evictor {
  readonly #registry: Registry
  readonly #catalog: ResourceCatalog
  readonly #now: () => number

  constructor(registry: Registry, catalog: ResourceCatalog, now: () => number) {
    this.#registry = registry
    this.#catalog = catalog
    this.#now = now
  }

  async evict({ target, object, context }: SubresourceCreate): Promise<KubeObject> {
    if ((object.metadata?.name ?? '') !== target.name) {
      throw ApiError.badRequest('name in URL does not match name in Eviction object')
    }
    const options = (object.deleteOptions ?? {}) as DeletionOptions & { dryRun?: string[] }
    const dryRun = context.dryRun || (options.dryRun?.length ?? 0) > 0
    const write = { ...context, dryRun }
    const isPinned = options.preconditions?.resourceVersion !== undefined
    for (;;) {
      const pod = (await this.#registry.get(target)) as StoredPod
      try {
        if (isBeyondBudgets(pod)) {
          const pinned = isPinned || isEnding(pod) ? options : pinnedTo(options, pod)
          await this.#remove(target, pinned, write)
        } else await this.#evictWithinBudget(target, pod, options, write)
        return successStatus(201)
      } catch (error) {
        // The pod has changed since we looked, and nobody asked for that one version: look again.
        if (isPinned || !isReason(error, 'Conflict')) throw error
        if ((await this.#registry.get(target)).metadata.resourceVersion === pod.metadata.resourceVersion)
          throw error
      }
    }
  }

  async #evictWithinBudget(
    target: Target,
    pod: StoredPod,
    options: DeletionOptions,
    write: WriteContext,
  ): Promise<void> {
    const budgets = this.#budgetsOf(pod)
    if (budgets.length > 1) {
      throw new ApiError(
        '',
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
        undefined,
        500,
      )
    }
    const [budget] = budgets
    if (!budget) return this.#remove(target, options, write)
    if (!isPodReady(pod) && mayEvictUnready(budget)) {
      const isPinned = options.preconditions?.resourceVersion !== undefined
      try {
        return await this.#remove(target, isPinned ? options : pinnedTo(options, pod), write)
      } catch (error) {
        if (isPinned || !isReason(error, 'Conflict')) throw error
        throw tooManyRequests(
          `The disruption budget ${budget.metadata.name} is still being processed by the server.`,
        )
      }
    }
    await this.#charge(budget, pod, write.dryRun)
    return this.#remove(target, options, write)
  }

  #budgetsOf(pod: StoredPod): StoredBudget[] {
    const resource = this.#catalog.find({ group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' })!
    const { items } = this.#registry.store.list(storePrefix(resource, pod.metadata.namespace ?? ''))
    return (items as StoredBudget[]).filter(({ spec }) => labelMatcher(spec?.selector)(pod.metadata.labels))
  }

  /** Takes one disruption off the budget. */
  async #charge(budget: StoredBudget, pod: StoredPod, dryRun: boolean): Promise<void> {
    const resource = this.#catalog.find({ group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' })!
    const { namespace = '', name = '' } = budget.metadata
    await this.#registry.mutate(
      { resource, namespace, name, subresource: 'status' },
      (current) => charged(current as StoredBudget, pod.metadata.name ?? '', this.#now()),
      dryRun,
    )
  }

  /** Says in the pod's status why it goes, then deletes it. */
  async #remove(target: Target, options: DeletionOptions, write: WriteContext): Promise<void> {
    let deletion = options
    if (!write.dryRun) {
      const marked = await this.#registry.mutate(target, (stored) => {
        checkPreconditions(stored, options)
        return disrupted(stored as StoredPod, toTime(this.#now()))
      })
      const { resourceVersion } = marked.metadata
      if (options.preconditions?.resourceVersion && resourceVersion) {
        deletion = { ...options, preconditions: { ...options.preconditions, resourceVersion } }
      }
    }
    await this.#registry.delete({ ...target, subresource: '' }, deletion, write)
  }
}

function isBeyondBudgets({ status, metadata }: StoredPod): boolean {
  return (
    status?.phase === 'Succeeded' ||
    status?.phase === 'Failed' ||
    status?.phase === 'Pending' ||
    metadata.deletionTimestamp !== undefined
  )
}

function isEnding({ status, metadata }: StoredPod): boolean {
  return (
    status?.phase === 'Succeeded' || status?.phase === 'Failed' || metadata.deletionTimestamp !== undefined
  )
}

function mayEvictUnready({ spec, status }: StoredBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function charged(budget: StoredBudget, podName: string, now: number): StoredKubeObject {
  const { metadata, status } = budget
  const name = metadata.name ?? ''
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw tooManyRequests(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  const { disruptionsAllowed = 0, disruptedPods = {} } = status ?? {}
  if (disruptionsAllowed < 0) {
    throw ApiError.forbidden('policy', 'poddisruptionbudget', name, 'pdb disruptions allowed is negative')
  }
  if (Object.keys(disruptedPods).length > maxDisruptedPods) {
    throw ApiError.forbidden(
      'policy',
      'poddisruptionbudget',
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    )
  }
  if (disruptionsAllowed === 0) throw tooManyRequests(whyNone(budget))
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: disruptionsAllowed - 1,
      disruptedPods: { ...disruptedPods, [podName]: toTime(now) },
    },
  }
}

function whyNone({ metadata: { name }, status }: StoredBudget): string {
  const { desiredHealthy = 0, currentHealthy = 0, conditions } = status ?? {}
  const condition = findCondition(conditions, 'DisruptionAllowed')
  const told = condition?.status === 'False' && condition.message ? condition : undefined
  if (told?.reason === 'SyncFailed') {
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${told.message}`
  }
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
  }
  const why = told ? ` (${told.reason}): ${told.message}` : ''
  return `The disruption budget ${name} does not allow evicting pods currently${why}`
}

function disrupted(pod: StoredPod, now: string): StoredKubeObject {
  const conditions = withCondition(
    pod.status?.conditions as never,
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    },
    now,
  )
  return { ...pod, status: { ...pod.status, conditions } } as StoredKubeObject
}

function checkPreconditions({ metadata }: StoredKubeObject, { preconditions }: DeletionOptions): void {
  const { uid, resourceVersion } = preconditions ?? {}
  if (uid && uid !== metadata.uid) {
    throw ApiError.conflict(
      '',
      'Pod',
      metadata.name ?? '',
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    throw ApiError.conflict(
      '',
      'Pod',
      metadata.name ?? '',
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
  }
}

function pinnedTo(options: DeletionOptions, { metadata }: StoredPod): DeletionOptions {
  const resourceVersion = metadata.resourceVersion!
  return { ...options, preconditions: { ...options.preconditions, resourceVersion } }
}

function tooManyRequests(message: string, retryAfterSeconds?: number): ApiError {
  return new ApiError(
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    { causes: [{ reason: 'DisruptionBudget', message }], ...(retryAfterSeconds && { retryAfterSeconds }) },
  )
}
