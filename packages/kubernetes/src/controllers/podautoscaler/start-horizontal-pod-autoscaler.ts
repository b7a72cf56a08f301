import { deepEqual } from '../../api/json.ts'
import type { GroupVersionResource } from '../../api/kube-object.ts'
import { parseApiVersion } from '../../api/resource-info.ts'
import { toTime } from '../../api/time.ts'
import type { Scale } from '../../api/types/autoscaling-v1.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
} from '../../api/types/autoscaling-v2.ts'
import { withCondition } from '../../client/conditions.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { horizontalPodAutoscalers } from '../../client/resources.ts'
import { retryOnConflict } from '../../client/retry-on-conflict.ts'
import { errorMessage } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { oneVersionEach, type ResourceSource } from '../resource-source.ts'
import { evaluateMetrics } from './evaluate-metrics.ts'
import { ScalingHistory } from './scaling-limits.ts'

/** --horizontal-pod-autoscaler-sync-period. Metrics have no events: each autoscaler asks for its own. */
const periodMs = 15_000

/** Scales workloads by what their pods use; keys are those of HorizontalPodAutoscalers. */
export function startHorizontalPodAutoscaler(context: ControllerContext, source: ResourceSource): Controller {
  const name = 'horizontal-pod-autoscaler'
  const { client } = context
  const events = context.recorder(name)
  const cache = context.informers.informer<HorizontalPodAutoscaler>(horizontalPodAutoscalers)
  const pods = podInformer(context)
  const histories = new Map<string, ScalingHistory>()
  const loop = createLoop(context, { name, caches: [cache, pods], reconcile })
  loop.listen(cache, ({ current, old }) => {
    if (!current) histories.delete(keyOf(old as HorizontalPodAutoscaler))
    else if (!deepEqual(current.spec, old?.spec)) loop.queue.add(keyOf(current))
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: hpaName } = splitKey(key)
    const hpa = cache.get(namespace, hpaName)
    if (!hpa?.spec) return
    loop.queue.addAfter(key, periodMs)
    const status = { desiredReplicas: 0, ...hpa.status }
    try {
      await autoscale(key, hpa, status)
    } finally {
      if (!deepEqual(hpa.status, status)) {
        await client.update<HorizontalPodAutoscaler>(
          horizontalPodAutoscalers,
          { ...hpa, status },
          { subresource: 'status' },
        )
      }
    }
  }

  /** Changes `status` on the way; what goes wrong is told there and in events, and tried again a period later. */
  async function autoscale(
    key: string,
    hpa: HorizontalPodAutoscaler,
    status: HorizontalPodAutoscalerStatus,
  ): Promise<void> {
    const now = context.now()
    const condition = (type: string, is: boolean, reason: string, message: string): void => {
      const next: HorizontalPodAutoscalerCondition = { type, status: is ? 'True' : 'False', reason, message }
      status.conditions = withCondition(status.conditions, next, toTime(now))
    }
    const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
      events.event({ ...hpa }, type, reason, message)

    const found = await findScale(hpa).catch((error: unknown) => {
      tell('Warning', 'FailedGetScale', errorMessage(error))
      const message = `the HPA controller was unable to get the target's current scale: ${errorMessage(error)}`
      condition('AbleToScale', false, 'FailedGetScale', message)
      return undefined
    })
    if (!found) return
    const { scale, resource } = found
    condition(
      'AbleToScale',
      true,
      'SucceededGetScale',
      "the HPA controller was able to get the target's current scale",
    )
    const current = scale.spec?.replicas ?? 0
    const { minReplicas: min = 1, maxReplicas: max, behavior } = hpa.spec ?? { maxReplicas: 0 }
    const history = histories.get(key) ?? new ScalingHistory()
    histories.set(key, history)
    history.begin(current, now)

    let desired = current
    let why = ''
    status.currentReplicas = current
    if (current === 0 && min !== 0) {
      const message = 'scaling is disabled since the replica count of the target is zero'
      condition('ScalingActive', false, 'ScalingDisabled', message)
      desired = 0
    } else if (current > max) {
      why = 'Current number of replicas above Spec.MaxReplicas'
      desired = max
    } else if (current < min) {
      why = 'Current number of replicas below Spec.MinReplicas'
      desired = min
    } else {
      const { replicas, metric, statuses, failure } = await evaluateMetrics({ client, pods, hpa, scale, now })
      if (statuses.length > 0) status.currentMetrics = statuses
      else delete status.currentMetrics
      if (failure) tell('Warning', failure.reason, failure.message.replace(/^the HPA was .*?: /, ''))
      if (replicas === undefined) {
        if (failure) {
          condition('ScalingActive', false, failure.reason, failure.message)
          tell('Warning', 'FailedComputeMetricsReplicas', failure.summary)
        }
        return
      }
      const active = `the HPA was able to successfully calculate a replica count from ${metric}`
      condition('ScalingActive', true, 'ValidMetricFound', active)
      const options = { current, desired: replicas, min, max, now, ...(behavior && { behavior }) }
      const stable = history.stabilize(options)
      if (stable.replicas !== replicas) condition('AbleToScale', true, stable.reason, stable.message)
      else condition('AbleToScale', true, 'ReadyForNewScale', 'recommended size matches current size')
      const limited = history.limit({ ...options, desired: stable.replicas })
      condition('ScalingLimited', limited.replicas !== stable.replicas, limited.reason, limited.message)
      desired = limited.replicas
      why =
        replicas > current ? `${metric} above target` : replicas < current ? 'All metrics below target' : ''
    }
    if (desired !== current) {
      try {
        await rescale(resource, hpa, desired)
      } catch (error) {
        tell(
          'Warning',
          'FailedRescale',
          `New size: ${desired}; reason: ${why}; error: ${errorMessage(error)}`,
        )
        const message = `the HPA controller was unable to update the target scale: ${errorMessage(error)}`
        condition('AbleToScale', false, 'FailedUpdateScale', message)
        return
      }
      const message = `the HPA controller was able to update the target scale to ${desired}`
      condition('AbleToScale', true, 'SucceededRescale', message)
      tell('Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${why}`)
      history.scaled(current, desired, behavior, now)
      status.lastScaleTime = toTime(now)
    }
    status.desiredReplicas = desired
  }

  async function findScale({
    metadata,
    spec,
  }: HorizontalPodAutoscaler): Promise<{ scale: Scale; resource: GroupVersionResource }> {
    const { kind = '', name: target = '', apiVersion = '' } = spec?.scaleTargetRef ?? {}
    const { group } = parseApiVersion(apiVersion)
    const resource = oneVersionEach(source.list()).find(
      (info) =>
        info.kind === kind && info.group === group && info.subresources.some((each) => each.name === 'scale'),
    )
    if (!resource) throw new Error(`no matches for kind "${kind}" in group "${group}"`)
    const scale = await client.get<Scale>(resource, metadata.namespace, target, { subresource: 'scale' })
    return { scale, resource }
  }

  async function rescale(
    resource: GroupVersionResource,
    { metadata, spec }: HorizontalPodAutoscaler,
    replicas: number,
  ): Promise<void> {
    const target = spec?.scaleTargetRef.name ?? ''
    await retryOnConflict(async () => {
      const scale = await client.get<Scale>(resource, metadata.namespace, target, { subresource: 'scale' })
      await client.update<Scale>(
        resource,
        { ...scale, spec: { ...scale.spec, replicas } },
        { subresource: 'scale' },
      )
    })
  }

  return loop
}
