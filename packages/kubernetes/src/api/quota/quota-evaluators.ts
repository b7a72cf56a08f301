import { deepEqual } from '../json.ts'
import type { KubeObject } from '../kube-object.ts'
import { expressionMatcher } from '../label-selector.ts'
import type { PersistentVolumeClaim, Service } from '../types/core-v1.ts'
import { podQuotaEvaluator } from './pod-quota-evaluator.ts'
import { parseQuantities, pieces, type Quantities } from './quantities.ts'
import type { QuotaEvaluator } from './quota-evaluator.ts'

const storageClassSuffix = '.storageclass.storage.k8s.io/'

/** Kinds that also count under their plain name. */
const aliased = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'])

const services: QuotaEvaluator = {
  resource: { group: '', resource: 'services' },
  measures: (name) =>
    ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'].includes(name),
  inScope: () => false,
  usage(object) {
    const { spec } = object as unknown as Service
    const ports = spec?.ports ?? []
    const balanced = spec?.type === 'LoadBalancer'
    const chosen = balanced && spec.allocateLoadBalancerNodePorts === false
    const nodePorts = chosen ? ports.filter(({ nodePort }) => nodePort).length : ports.length
    return new Map([
      ['count/services', pieces(1)],
      ['services', pieces(1)],
      ['services.loadbalancers', pieces(balanced ? 1 : 0)],
      ['services.nodeports', pieces(balanced || spec?.type === 'NodePort' ? nodePorts : 0)],
    ])
  },
  // The type may change.
  handles: (operation, subresource) => subresource === '' && ['CREATE', 'UPDATE'].includes(operation),
}

const claims: QuotaEvaluator = {
  resource: { group: '', resource: 'persistentvolumeclaims' },
  measures: (name) =>
    ['count/persistentvolumeclaims', 'persistentvolumeclaims', 'requests.storage'].includes(name) ||
    name.endsWith(`${storageClassSuffix}persistentvolumeclaims`) ||
    name.endsWith(`${storageClassSuffix}requests.storage`),
  inScope({ scopeName, operator, values = [] }, object) {
    if (scopeName !== 'VolumeAttributesClass') return false
    const classes = attributesClasses(object as unknown as PersistentVolumeClaim)
    const matches = expressionMatcher('class', operator, values)
    return classes.length === 0 ? matches({}) : classes.some((name) => matches({ class: name }))
  },
  usage(object) {
    const claim = object as unknown as PersistentVolumeClaim
    const result: Quantities = new Map([
      ['count/persistentvolumeclaims', pieces(1)],
      ['persistentvolumeclaims', pieces(1)],
    ])
    const storageClass =
      claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName
    if (storageClass) result.set(`${storageClass}${storageClassSuffix}persistentvolumeclaims`, pieces(1))
    const asked = parseQuantities(claim.spec?.resources?.requests).get('storage')
    const allocated = parseQuantities(claim.status?.allocatedResources).get('storage')
    const most = asked && allocated && allocated.nanos > asked.nanos ? allocated : asked
    if (!most) return result
    const whole = { ...most, nanos: ((most.nanos + 999_999_999n) / 1_000_000_000n) * 1_000_000_000n }
    result.set('requests.storage', whole)
    if (storageClass) result.set(`${storageClass}${storageClassSuffix}requests.storage`, whole)
    return result
  },
  handles(operation, subresource, object, old) {
    if (subresource === '') return operation === 'CREATE' || operation === 'UPDATE'
    const [next, before] = [object, old].map((one) => one as unknown as PersistentVolumeClaim)
    return (
      subresource === 'status' &&
      (!deepEqual(next?.status?.allocatedResources, before?.status?.allocatedResources) ||
        !deepEqual(next && attributesClasses(next), before && attributesClasses(before)))
    )
  },
}

function attributesClasses({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
  return [...new Set(names.filter((name): name is string => !!name))].sort()
}

function counting(group: string, resource: string): QuotaEvaluator {
  const names = [group ? `count/${resource}.${group}` : `count/${resource}`]
  if (group === '' && aliased.has(resource)) names.push(resource)
  return {
    resource: { group, resource },
    measures: (name) => names.includes(name),
    inScope: () => false,
    usage: (_object: KubeObject) => new Map(names.map((name) => [name, pieces(1)])),
    handles: (operation, subresource) => subresource === '' && operation === 'CREATE',
  }
}

const special = [podQuotaEvaluator, services, claims]
/** Not stored, or too many and too short-lived to be worth counting. */
const ignored = new Set(['bindings', 'componentstatuses', 'events'])
const ignoredGroups = new Set([
  'authentication.k8s.io',
  'authorization.k8s.io',
  'metrics.k8s.io',
  'events.k8s.io',
])

/** How a resource counts; undefined when quotas do not look at it. */
export function quotaEvaluatorFor(group: string, resource: string): QuotaEvaluator | undefined {
  if ((group === '' && ignored.has(resource)) || ignoredGroups.has(group)) return undefined
  return (
    special.find((one) => one.resource.group === group && one.resource.resource === resource) ??
    counting(group, resource)
  )
}

/** The evaluators that are needed to measure these names of a quota's `hard`. */
export function quotaEvaluatorsFor(names: readonly string[]): QuotaEvaluator[] {
  const evaluators = special.filter((evaluator) => names.some((name) => evaluator.measures(name)))
  for (const name of names) {
    const counted = name.startsWith('count/')
      ? name.slice('count/'.length)
      : aliased.has(name)
        ? name
        : undefined
    if (counted === undefined) continue
    const dot = counted.indexOf('.')
    const [resource, group] = dot < 0 ? [counted, ''] : [counted.slice(0, dot), counted.slice(dot + 1)]
    const known = evaluators.some((one) => one.resource.group === group && one.resource.resource === resource)
    const evaluator = known ? undefined : quotaEvaluatorFor(group, resource)
    if (evaluator) evaluators.push(evaluator)
  }
  return evaluators
}
