import { autoscalerToV2 } from '../../conversion/autoscalers.ts'
import type { StoredKubeObject } from '../../kube-object.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../../types/autoscaling-v2.ts'
import { validateNonNegativeQuantity } from '../core/resources.ts'
import type { Field } from '../field.ts'
import { nonNegative, oneOfIfSet, positive } from '../rules.ts'
import type { Validator } from '../validator.ts'
import {
  apiVersionProblem,
  type ReferenceOptions,
  validateMetric,
  validateObjectReference,
} from './metrics.ts'

const longestPeriod = 1800
const longestWindow = 3600
const notAbove = 'must be less than or equal to'

function validatePolicy({ type, value, periodSeconds = 0 }: HPAScalingPolicy, field: Field): void {
  oneOfIfSet(type ?? '', ['Percent', 'Pods'], field.at('type'))
  positive(value, field.at('value'))
  positive(periodSeconds, field.at('periodSeconds'))
  if (periodSeconds > longestPeriod)
    field.at('periodSeconds').invalid(periodSeconds, `${notAbove} ${longestPeriod}`)
}

function validateScalingRules(rules: HPAScalingRules | undefined, field: Field): void {
  if (!rules) return
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance } = rules
  const at = field.at('stabilizationWindowSeconds')
  if (window < 0) at.invalid(window, 'must be greater than or equal to zero')
  if (window > longestWindow) at.invalid(window, `${notAbove} ${longestWindow}`)
  oneOfIfSet(selectPolicy, ['Disabled', 'Max', 'Min'], field.at('selectPolicy'))
  if (policies.length === 0) field.at('policies').required('must specify at least one Policy')
  for (const [index, policy] of policies.entries()) validatePolicy(policy, field.at('policies').index(index))
  if (tolerance !== undefined) validateNonNegativeQuantity(tolerance, field.at('tolerance'))
}

type Spec = Partial<HorizontalPodAutoscalerSpec>

/** How references may be written: as before, or with a group, but for the one kind of the core group that scales. */
function targetOptions(spec: Spec, old: Spec | undefined): ReferenceOptions {
  const now = spec.scaleTargetRef
  const before = old?.scaleTargetRef
  return {
    allowAnyApiVersion: old && now?.apiVersion === before?.apiVersion && now?.kind === before?.kind,
    allowCoreGroup: now?.kind === 'ReplicationController',
  }
}

function metricOptions(old: Spec | undefined): ReferenceOptions {
  const options = { allowCoreGroup: true }
  const wasWrong = (old?.metrics ?? []).some(
    ({ type, object }) =>
      type === 'Object' && object && apiVersionProblem(object.describedObject?.apiVersion, options),
  )
  return { ...options, allowAnyApiVersion: wasWrong }
}

function validateSpec(spec: Spec, field: Field, old?: Spec): void {
  const { minReplicas, maxReplicas = 0, metrics = [], behavior } = spec
  const least = old?.minReplicas === 0 ? 0 : 1
  if (minReplicas !== undefined && minReplicas < least)
    field.at('minReplicas').invalid(minReplicas, `must be greater than or equal to ${least}`)
  const at = field.at('maxReplicas')
  if (maxReplicas === 0) at.required('must be set and greater than 0')
  else if (maxReplicas < 0) at.invalid(maxReplicas, 'must be greater than or equal to 1')
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    at.invalid(maxReplicas, 'must be greater than or equal to `minReplicas`')
  validateObjectReference(
    spec.scaleTargetRef ?? { kind: '', name: '' },
    field.at('scaleTargetRef'),
    targetOptions(spec, old),
  )
  const options = metricOptions(old)
  for (const [index, metric] of metrics.entries())
    validateMetric(metric, field.at('metrics').index(index), options)
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    field
      .at('metrics')
      .forbidden('must specify at least one Object or External metric to support scaling to zero replicas')
  }
  validateScalingRules(behavior?.scaleUp, field.at('behavior', 'scaleUp'))
  validateScalingRules(behavior?.scaleDown, field.at('behavior', 'scaleDown'))
}

/** Rules are about v2, which says everything that v1 can say. */
function asV2(object: HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  if (object.apiVersion !== 'autoscaling/v1') return object
  return autoscalerToV2(object as unknown as StoredKubeObject) as unknown as HorizontalPodAutoscaler
}

const horizontalPodAutoscalers: Validator<HorizontalPodAutoscaler> = {
  create: (object, field) => validateSpec(asV2(object).spec ?? {}, field.at('spec')),
  update(next, old, subresource, field) {
    if (subresource === 'status') {
      const { currentReplicas, desiredReplicas } = next.status ?? { desiredReplicas: 0 }
      nonNegative(currentReplicas, field.at('status', 'currentReplicas'))
      nonNegative(desiredReplicas, field.at('status', 'desiredReplicas'))
    } else {
      validateSpec(asV2(next).spec ?? {}, field.at('spec'), asV2(old).spec ?? {})
    }
  },
}

export const autoscalingValidators = { 'horizontalpodautoscalers.autoscaling': horizontalPodAutoscalers }
