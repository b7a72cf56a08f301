import { compareQuantity, formatQuantity, type Quantity } from '../../../api/quantity.ts'
import { podTotals } from '../../../api/quota/pod-totals.ts'
import { parseQuantities, type Quantities } from '../../../api/quota/quantities.ts'
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '../../../api/types/core-v1.ts'
import { limitRanges } from '../../../client/resources.ts'
import { aggregate } from '../../auth/authorization/rbac-authorizer.ts'
import { lookUpAll, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import { refuse } from '../refuse.ts'

const annotation = 'kubernetes.io/limit-ranger'

interface Amounts {
  requests: Quantities
  limits: Quantities
}

/** Fills in what a namespace's LimitRanges give by default, and holds everybody to their bounds. */
export class LimitRanger implements AdmissionPlugin {
  readonly name = 'LimitRanger'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!concernsPod(attributes)) return
    for (const range of this.#ranges(attributes)) setDefaults(attributes.object as unknown as Pod, range)
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const problems = concernsPod(attributes)
      ? podProblems
      : concernsClaim(attributes)
        ? claimProblems
        : undefined
    if (!problems) return
    for (const range of this.#ranges(attributes)) {
      const found = (range.spec?.limits ?? []).flatMap((item) => problems(item, attributes.object))
      if (found.length > 0) throw refuse(attributes, aggregate(found))
    }
  }

  #ranges({ namespace, oldObject }: AdmissionAttributes): LimitRange[] {
    if (oldObject?.metadata?.deletionTimestamp) return []
    return lookUpAll<LimitRange>(this.#store, limitRanges, namespace)
  }
}

/** Containers of a pod do not change but by `resize`. */
function concernsPod(attributes: AdmissionAttributes): boolean {
  const { operation } = attributes
  return (
    (operation === 'CREATE' && isResource(attributes, 'pods')) ||
    (operation === 'UPDATE' && isResource(attributes, 'pods', 'resize'))
  )
}

function concernsClaim(attributes: AdmissionAttributes): boolean {
  const { operation } = attributes
  return (
    (operation === 'CREATE' || operation === 'UPDATE') && isResource(attributes, 'persistentvolumeclaims')
  )
}

function setDefaults(pod: Pod, range: LimitRange): void {
  const items = (range.spec?.limits ?? []).filter(({ type }) => type === 'Container')
  const requests = Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest))
  const limits = Object.assign({}, ...items.map((item) => item.default))
  const notes = [
    ...(pod.spec?.containers ?? []).flatMap((each) => fill(each, 'container', requests, limits)),
    ...(pod.spec?.initContainers ?? []).flatMap((each) => fill(each, 'init container', requests, limits)),
  ]
  if (notes.length === 0) return
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  }
}

/** Says what it filled in. */
function fill(
  container: Container,
  kind: string,
  requests: Record<string, string>,
  limits: Record<string, string>,
): string[] {
  const { resources = {} } = container
  const lacking = (defaults: Record<string, string>, given: Record<string, string> = {}): string[] =>
    Object.keys(defaults).filter((name) => !(name in given))
  const [newRequests, newLimits] = [lacking(requests, resources.requests), lacking(limits, resources.limits)]
  if (newRequests.length === 0 && newLimits.length === 0) return []
  container.resources = {
    ...resources,
    ...(newRequests.length > 0 && { requests: { ...requests, ...resources.requests } }),
    ...(newLimits.length > 0 && { limits: { ...limits, ...resources.limits } }),
  }
  const note = (names: string[], what: string): string[] =>
    names.length > 0 ? [`${names.sort().join(', ')} ${what} for ${kind} ${container.name}`] : []
  return [...note(newRequests, 'request'), ...note(newLimits, 'limit')]
}

function podProblems(item: LimitRangeItem, object: unknown): string[] {
  const pod = object as Pod
  if (item.type === 'Container') {
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
    return containers.flatMap(({ resources }) =>
      outOfBounds(item, {
        requests: parseQuantities(resources?.requests),
        limits: parseQuantities(resources?.limits),
      }),
    )
  }
  if (item.type !== 'Pod') return []
  return outOfBounds(item, { requests: podTotals(pod, 'requests'), limits: podTotals(pod, 'limits') })
}

function claimProblems(item: LimitRangeItem, object: unknown): string[] {
  if (item.type !== 'PersistentVolumeClaim') return []
  const requests = parseQuantities((object as PersistentVolumeClaim).spec?.resources?.requests)
  const problems: string[] = []
  for (const [name, bound] of parseQuantities(item.min)) {
    problems.push(...below(item.type, name, bound, { requests, limits: new Map() }))
  }
  for (const [name, bound] of parseQuantities(item.max)) {
    const request = requests.get(name)
    const what = `maximum ${name} usage per ${item.type} is ${formatQuantity(bound)}`
    if (!request) problems.push(`${what}.  No request is specified`)
    else if (compareQuantity(request, bound) > 0) {
      problems.push(`${what}, but request is ${formatQuantity(request)}`)
    }
  }
  return problems
}

function outOfBounds(item: LimitRangeItem, amounts: Amounts): string[] {
  const problems: string[] = []
  for (const [name, bound] of parseQuantities(item.min)) {
    problems.push(...below(item.type, name, bound, amounts))
  }
  for (const [name, bound] of parseQuantities(item.max)) {
    problems.push(...above(item.type, name, bound, amounts))
  }
  for (const [name, bound] of parseQuantities(item.maxLimitRequestRatio)) {
    problems.push(...ratioAbove(item.type, name, bound, amounts))
  }
  return problems
}

function below(type: string, name: string, bound: Quantity, { requests, limits }: Amounts): string[] {
  const what = `minimum ${name} usage per ${type} is ${formatQuantity(bound)}`
  const request = requests.get(name)
  const limit = limits.get(name)
  if (!request) return [`${what}.  No request is specified`]
  if (compareQuantity(request, bound) < 0) return [`${what}, but request is ${formatQuantity(request)}`]
  return limit && compareQuantity(limit, bound) < 0 ? [`${what}, but limit is ${formatQuantity(limit)}`] : []
}

function above(type: string, name: string, bound: Quantity, { requests, limits }: Amounts): string[] {
  const what = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`
  const request = requests.get(name)
  const limit = limits.get(name)
  if (!limit) return [`${what}.  No limit is specified`]
  if (compareQuantity(limit, bound) > 0) return [`${what}, but limit is ${formatQuantity(limit)}`]
  return request && compareQuantity(request, bound) > 0
    ? [`${what}, but request is ${formatQuantity(request)}`]
    : []
}

function ratioAbove(type: string, name: string, bound: Quantity, { requests, limits }: Amounts): string[] {
  const what = `${name} max limit to request ratio per ${type} is ${formatQuantity(bound)}`
  const request = requests.get(name)
  const limit = limits.get(name)
  if (!request?.nanos) return [`${what}, but no request is specified or request is 0`]
  if (!limit?.nanos) return [`${what}, but no limit is specified or limit is 0`]
  const ratio = Number(limit.nanos) / Number(request.nanos)
  return ratio > Number(bound.nanos) / 1e9 ? [`${what}, but provided ratio is ${ratio.toFixed(6)}`] : []
}
