import { parseQuantity } from '../../quantity.ts'
import type {
  CrossVersionObjectReference,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../../types/autoscaling-v2.ts'
import { validateContainerResourceName } from '../core/resources.ts'
import type { Field } from '../field.ts'
import { isDns1123Label, isPathSegment } from '../formats.ts'
import { named } from '../rules.ts'

export interface ReferenceOptions {
  allowAnyApiVersion?: boolean
  allowCoreGroup?: boolean
}

/** What is wrong with the apiVersion of a reference. */
export function apiVersionProblem(apiVersion = '', options: ReferenceOptions): string | undefined {
  if (options.allowAnyApiVersion) return undefined
  const [group, version, ...more] = apiVersion.split('/')
  if (more.length > 0) return `unexpected GroupVersion string: ${apiVersion}`
  const hasGroup = version !== undefined && group !== ''
  return hasGroup || options.allowCoreGroup ? undefined : 'apiVersion must specify API group'
}

export function validateObjectReference(
  { kind, name, apiVersion = '' }: CrossVersionObjectReference,
  field: Field,
  options: ReferenceOptions,
): void {
  named(kind, isPathSegment, field.at('kind'))
  named(name, isPathSegment, field.at('name'))
  const problem = apiVersionProblem(apiVersion, options)
  if (problem) field.at('apiVersion').invalid(apiVersion, problem)
}

const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'] as const

/** The field that goes with each type, in the order in which upstream looks. */
const fields = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const

export function validateMetric(metric: MetricSpec, field: Field, options: ReferenceOptions): void {
  const { type = '' } = metric
  if (!type) field.at('type').required('must specify a metric source type')
  const known = types.find((each) => each === type)
  if (!known) field.at('type').notSupported(type, types)
  const present = Object.values(fields).filter((name) => metric[name])
  if (present[0]) validateSource(metric, field, options)
  const expected = known && fields[known]
  if (expected && !metric[expected])
    field.at(expected).required('must populate information for the given metric source')
  if (present.length === 1) return
  for (const name of present)
    if (name !== expected) field.at(name).forbidden('must populate the given metric source only')
}

/** Only the first one that is there. */
function validateSource(metric: MetricSpec, field: Field, options: ReferenceOptions): void {
  const { object, external, pods, resource, containerResource } = metric
  if (object) {
    const at = field.at('object')
    validateObjectReference(object.describedObject ?? {}, at.at('describedObject'), options)
    validateIdentifier(object.metric, at.at('metric'))
    validateTarget(object.target, at.at('target'))
    requireValue(object.target, 'must set either a target value or averageValue', at)
  } else if (external) {
    const at = field.at('external')
    const target = external.target ?? {}
    validateIdentifier(external.metric, at.at('metric'))
    validateTarget(target, at.at('target'))
    requireValue(target, 'must set either a target value for metric or a per-pod target', at)
    if (target.value !== undefined && target.averageValue !== undefined) {
      at.at('target', 'value').forbidden('may not set both a target value for metric and a per-pod target')
    }
  } else if (pods) {
    const at = field.at('pods')
    validateIdentifier(pods.metric, at.at('metric'))
    validateTarget(pods.target, at.at('target'))
    if (pods.target?.averageValue === undefined)
      at.at('target', 'averageValue').required('must specify a positive target averageValue')
  } else if (resource) {
    const at = field.at('resource')
    if (!resource.name) at.at('name').required('must specify a resource name')
    validateResourceTarget(resource.target, at)
  } else if (containerResource) {
    const at = field.at('containerResource')
    const { name, container } = containerResource
    if (name) validateContainerResourceName(name, at.at('name'))
    else at.at('name').required('must specify a resource name')
    if (container) at.at('container').check(container, isDns1123Label(container))
    else at.at('container').required('must specify a container')
    validateResourceTarget(containerResource.target, at)
  }
}

function requireValue(target: MetricTarget | undefined, message: string, field: Field): void {
  if (target?.value === undefined && target?.averageValue === undefined)
    field.at('target', 'averageValue').required(message)
}

function validateResourceTarget(target: MetricTarget | undefined, field: Field): void {
  validateTarget(target, field.at('target'))
  const { averageUtilization, averageValue } = target ?? {}
  if (averageUtilization === undefined && averageValue === undefined) {
    field
      .at('target', 'averageUtilization')
      .required('must set either a target raw value or a target utilization')
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    field
      .at('target', 'averageValue')
      .forbidden('may not set both a target raw value and a target utilization')
  }
}

function validateTarget(target: Partial<MetricTarget> | undefined, field: Field): void {
  const { type = '', averageUtilization } = target ?? {}
  if (!type) field.at('type').required('must specify a metric target type')
  if (!['Utilization', 'Value', 'AverageValue'].includes(type))
    field.at('type').invalid(type, 'must be either Utilization, Value, or AverageValue')
  for (const name of ['value', 'averageValue'] as const) {
    const value = target?.[name]
    if (value !== undefined && (parseQuantity(value)?.nanos ?? 0n) <= 0n)
      field.at(name).invalid(value, 'must be positive')
  }
  if (averageUtilization !== undefined && averageUtilization < 1)
    field.at('averageUtilization').invalid(averageUtilization, 'must be greater than 0')
}

function validateIdentifier(metric: MetricIdentifier | undefined, field: Field): void {
  const name = metric?.name ?? ''
  if (name) field.at('name').check(name, isPathSegment(name))
  else field.at('name').required('must specify a metric name')
}
