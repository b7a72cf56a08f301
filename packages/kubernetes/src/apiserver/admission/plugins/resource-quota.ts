import { ApiError, isReason } from '../../../api/api-error.ts'
import { cloneJson } from '../../../api/json.ts'
import {
  addTo,
  excess,
  formatQuantities,
  only,
  parseQuantities,
  type Quantities,
  sameQuantities,
} from '../../../api/quota/quantities.ts'
import type { QuotaEvaluator } from '../../../api/quota/quota-evaluator.ts'
import { quotaEvaluatorFor } from '../../../api/quota/quota-evaluators.ts'
import { scopesOf } from '../../../api/quota/quota-usage.ts'
import type { ResourceQuota as Quota } from '../../../api/types/core-v1.ts'
import type { Client } from '../../../client/client.ts'
import { resourceQuotas } from '../../../client/resources.ts'
import { lookUpAll, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { refuse } from '../refuse.ts'

const attempts = 4

/**
 * Nothing that would take a namespace over its quotas. Usage is charged to the quotas' status before the object is
 * written, one request of a namespace after the other; the quota controller gives back what was charged in vain.
 */
export class ResourceQuota implements AdmissionPlugin {
  readonly name = 'ResourceQuota'
  readonly #store: StoreReader
  readonly #client: Client
  readonly #now: () => number
  /** By namespace: when the last request in line is done. */
  readonly #line = new Map<string, Promise<void>>()

  constructor(store: StoreReader, client: Client, now: () => number) {
    this.#store = store
    this.#client = client
    this.#now = now
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { namespace, resource, operation, subresource, object, oldObject } = attributes
    if (!namespace || !object) return
    const evaluator = quotaEvaluatorFor(resource.group, resource.resource)
    if (!evaluator?.handles(operation, subresource, object, oldObject)) return
    if (this.#quotas(namespace).length === 0) return
    const turn = (this.#line.get(namespace) ?? Promise.resolve()).then(() =>
      this.#charge(attributes, evaluator),
    )
    // Who waits next does not care how this one ended.
    const settled = turn.catch(() => {})
    this.#line.set(namespace, settled)
    try {
      await turn
    } finally {
      if (this.#line.get(namespace) === settled) this.#line.delete(namespace)
    }
  }

  #quotas(namespace: string): Quota[] {
    return lookUpAll<Quota>(this.#store, resourceQuotas, namespace)
  }

  async #charge(attributes: AdmissionAttributes, evaluator: QuotaEvaluator): Promise<void> {
    const charged = new Set<string>()
    for (let attempt = 1; ; attempt++) {
      const quotas = this.#quotas(attributes.namespace).filter(
        ({ metadata }) => !charged.has(metadata.name ?? ''),
      )
      const updates = quotas.flatMap((quota) => check(attributes, evaluator, quota, this.#now()) ?? [])
      if (attributes.dryRun) return
      try {
        for (const update of updates) {
          await this.#client.update(resourceQuotas, update, { subresource: 'status' })
          charged.add(update.metadata.name ?? '')
        }
        return
      } catch (error) {
        const raced = isReason(error, 'Conflict') || isReason(error, 'NotFound')
        if (!raced || attempt >= attempts) throw error
      }
    }
  }
}

/** The quota as it is with the request; undefined when the request does not change it. @throws ApiError Forbidden */
function check(
  attributes: AdmissionAttributes,
  evaluator: QuotaEvaluator,
  quota: Quota,
  now: number,
): Quota | undefined {
  const { operation, subresource, oldObject } = attributes
  const object = attributes.object!
  const hard = parseQuantities(quota.status?.hard)
  const used = parseQuantities(quota.status?.used)
  const names = [...hard.keys()].filter((name) => evaluator.measures(name))
  const scopes = scopesOf(quota.spec)
  if (names.length === 0 || !scopes.every((scope) => evaluator.inScope(scope, object))) return undefined
  const name = quota.metadata.name ?? ''
  const lacking = evaluator.missing?.(names, object)
  if (lacking) throw refuse(attributes, `failed quota: ${name}: ${lacking}`)
  if (names.some((each) => !used.has(each))) {
    throw refuse(attributes, `status unknown for quota: ${name}, resources: ${names.sort().join(',')}`)
  }

  let delta = evaluator.usage(object, now)
  const negative = [...delta].filter(([, { nanos }]) => nanos < 0n).map(([each]) => each)
  if (negative.length > 0) {
    throw refuse(attributes, `quota usage is negative for resource(s): ${negative.sort().join(',')}`)
  }
  if (operation === 'UPDATE') {
    if (!oldObject) throw new ApiError('InternalError', 'no old object at update')
    // What was out of the quota's scope before is charged whole.
    const counted = scopes.every((scope) => evaluator.inScope(scope, oldObject))
    if (counted) delta = excess(delta, evaluator.usage(oldObject, now))
  }
  const requested = only(new Map([...delta].filter(([, { nanos }]) => nanos > 0n)), hard.keys())
  if (requested.size === 0) return undefined
  const next: Quantities = new Map(used)
  addTo(next, requested)
  const exceeded = [...requested.keys()].filter((each) => next.get(each)!.nanos > hard.get(each)!.nanos)
  if (exceeded.length > 0 && subresource !== 'status') {
    const text = (list: Quantities): string =>
      Object.entries(formatQuantities(only(list, exceeded)))
        .map(([each, quantity]) => `${each}=${quantity}`)
        .join(',')
    throw refuse(
      attributes,
      `exceeded quota: ${name}, requested: ${text(requested)}, used: ${text(used)}, limited: ${text(hard)}`,
    )
  }
  if (sameQuantities(next, used)) return undefined
  const update = cloneJson(quota)
  update.status = { ...update.status, used: formatQuantities(next) }
  return update
}
