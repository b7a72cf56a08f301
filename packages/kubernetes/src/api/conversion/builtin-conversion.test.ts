import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredKubeObject } from '../kube-object.ts'
import { builtinResources } from '../resources.ts'
import { schemaOf } from '../schema/schemas.ts'
import { conform } from '../structure/conform.ts'
import { builtinConversion } from './builtin-conversion.ts'

function conversion(group: string, version: string, resource: string) {
  const info = builtinResources.find(
    (each) => each.group === group && each.version === version && each.resource === resource,
  )
  return builtinConversion(info!)!
}

test('events are stored once and served in two groups', () => {
  const { fromStorage, toStorage, storedAs } = conversion('events.k8s.io', 'v1', 'events')
  assert.equal(storedAs.group, '')
  const event = conform(schemaOf('io.k8s.api.core.v1.Event'), {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'n' },
    involvedObject: { kind: 'Pod', name: 'p' },
    message: 'm',
    reason: 'r',
    source: { component: 'c' },
    firstTimestamp: '2024-01-01T00:00:00Z',
    count: 3,
    reportingComponent: 'c',
  }) as StoredKubeObject
  const fresh = fromStorage(event)
  assert.equal(fresh.apiVersion, 'events.k8s.io/v1')
  assert.deepEqual(
    [fresh.note, fresh.regarding, fresh.deprecatedCount, fresh.reportingController, fresh.message],
    ['m', { kind: 'Pod', name: 'p' }, 3, 'c', undefined],
  )
  assert.deepEqual(toStorage(fresh), event)
})

test('autoscaling/v1 carries in annotations what it has no fields for', () => {
  const { fromStorage, toStorage } = conversion('autoscaling', 'v1', 'horizontalpodautoscalers')
  const cpu = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
  }
  const metrics = [
    { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
    { type: 'Pods', pods: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '5' } } },
    {
      type: 'Object',
      object: {
        describedObject: { kind: 'Ingress', name: 'i', apiVersion: 'networking.k8s.io/v1' },
        metric: { name: 'rps', selector: { matchLabels: { a: 'b' } } },
        target: { type: 'AverageValue', averageValue: '3' },
      },
    },
    { type: 'External', external: { metric: { name: 'e' }, target: { type: 'Value', value: '7' } } },
    {
      type: 'ContainerResource',
      containerResource: {
        name: 'cpu',
        container: 'c',
        target: { type: 'Utilization', averageUtilization: 5 },
      },
    },
    cpu,
  ]
  const behavior = {
    scaleDown: {
      stabilizationWindowSeconds: 5,
      selectPolicy: 'Max',
      policies: [{ type: 'Pods', value: 1, periodSeconds: 9 }],
    },
  }
  const autoscaler = conform(schemaOf('io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler'), {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h', annotations: { own: 'x' } },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'd' },
      minReplicas: 1,
      maxReplicas: 3,
      metrics,
      behavior,
    },
    status: {
      currentReplicas: 1,
      desiredReplicas: 2,
      conditions: [{ type: 'AbleToScale', status: 'True', lastTransitionTime: '2024-01-01T00:00:00Z' }],
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageUtilization: 33, averageValue: '30m' } },
        },
      ],
    },
  }) as StoredKubeObject
  const old = fromStorage(autoscaler)
  assert.equal((old.spec as { targetCPUUtilizationPercentage: number }).targetCPUUtilizationPercentage, 60)
  assert.equal(
    (old.status as { currentCPUUtilizationPercentage: number }).currentCPUUtilizationPercentage,
    33,
  )
  assert.equal(
    old.metadata.annotations?.['autoscaling.alpha.kubernetes.io/behavior'],
    '{"ScaleDown":{"StabilizationWindowSeconds":5,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":9}]}}',
  )
  assert.deepEqual(toStorage(old), autoscaler)
})

test('an autoscaler of v1 without a target aims at 80 % of the CPU', () => {
  const { toStorage } = conversion('autoscaling', 'v1', 'horizontalpodautoscalers')
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 3 }
  const converted = toStorage({ metadata: { name: 'h' }, spec }) as unknown as { spec: { metrics: object[] } }
  assert.deepEqual(converted.spec.metrics, [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
  ])
})

test('everything else is stored as it is served', () => {
  assert.equal(builtinResources.filter((info) => builtinConversion(info)).length, 2)
})
