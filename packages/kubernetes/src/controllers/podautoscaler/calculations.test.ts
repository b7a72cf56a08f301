import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toTime } from '../../api/time.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { type Calculation, replicasForAverage, replicasForUtilization } from './replica-calculator.ts'
import { ScalingHistory } from './scaling-limits.ts'

const hour = 3_600_000
const now = Date.parse('2026-03-01T12:00:00Z')

function pod(name: string, more: { phase?: string; ready?: string; age?: number } = {}): Pod {
  const { phase = 'Running', ready = 'True', age = hour } = more
  const time = toTime(now - age)
  return {
    metadata: { name },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1', memory: '1Gi' } } }] },
    status: {
      phase,
      startTime: time,
      conditions: [{ type: 'Ready', status: ready, lastTransitionTime: time }],
    },
  }
}

/** Pods `p0`, `p1` … with these millicores; undefined has no figure. */
function calculation(values: (number | undefined)[], more: Partial<Calculation> = {}): Calculation {
  const usage: Calculation['usage'] = new Map()
  for (const [index, value] of values.entries()) {
    if (value !== undefined) usage.set(`p${index}`, { value, timestamp: now, windowMs: 10_000 })
  }
  return {
    pods: values.map((_, index) => pod(`p${index}`)),
    usage,
    resource: 'cpu',
    currentReplicas: values.length,
    tolerances: { scaleUp: 0.1, scaleDown: 0.1 },
    now,
    ...more,
  }
}

test('utilization: up, down, and nothing within the tolerance', () => {
  assert.deepEqual(replicasForUtilization(calculation([300, 500, 700]), 30), {
    replicas: 5,
    average: 500,
    utilization: 50,
  })
  assert.equal(replicasForUtilization(calculation([100, 300, 500, 250, 250]), 50).replicas, 3)
  assert.equal(replicasForUtilization(calculation([1010, 1030, 1020]), 100).replicas, 3)
})

test('pods without a figure, and pods that start, speak against the change', () => {
  // Upstream: TestReplicaCalcMissingMetricsNoChangeEq and its siblings.
  assert.equal(replicasForUtilization(calculation([1000, undefined]), 100).replicas, 2)
  assert.equal(replicasForUtilization(calculation([1000, undefined, undefined]), 24).replicas, 5)
  assert.equal(replicasForUtilization(calculation([100, undefined]), 50).replicas, 2)
  const starting = calculation([900, 900, 900])
  starting.pods[0] = pod('p0', { ready: 'False', age: 60_000 })
  starting.pods[1] = pod('p1', { phase: 'Pending' })
  assert.equal(replicasForUtilization(starting, 30).replicas, 3)
  assert.throws(() => replicasForUtilization(calculation([undefined]), 50), {
    message: 'did not receive metrics for targeted pods (pods might be unready)',
  })
  const unlimited = calculation([100])
  unlimited.pods[0] = { ...pod('p0'), spec: { containers: [{ name: 'c' }] } }
  assert.throws(() => replicasForUtilization(unlimited, 50), {
    message: 'missing request for cpu in container c of Pod p0',
  })
})

test('average value', () => {
  assert.equal(
    replicasForAverage(calculation([20_000, 10_000, 30_000], { resource: 'x' }), 15_000).replicas,
    4,
  )
})

test('without rules: doubling at most, and no shrinking for five minutes', () => {
  const history = new ScalingHistory()
  history.begin(5, now)
  const base = { min: 1, max: 100 }
  const up = { ...base, current: 5, desired: 50, now }
  assert.equal(history.stabilize(up).replicas, 50)
  assert.deepEqual(history.limit(up), {
    replicas: 10,
    reason: 'ScaleUpLimit',
    message: 'the desired replica count is increasing faster than the maximum scale rate',
  })
  const down = { ...base, current: 10, desired: 2, now: now + 60_000 }
  assert.equal(history.stabilize(down).replicas, 50)
  const later = { ...down, now: now + 6 * 60_000 }
  assert.equal(history.stabilize(later).replicas, 2)
  assert.equal(history.limit({ ...later, desired: 0 }).reason, 'TooFewReplicas')
  assert.equal(history.limit({ ...later, current: 80, desired: 200 }).reason, 'TooManyReplicas')
})

test('rules limit the rate per period', () => {
  const history = new ScalingHistory()
  const behavior = {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [
        { type: 'Pods', value: 4, periodSeconds: 60 },
        { type: 'Percent', value: 100, periodSeconds: 60 },
      ],
    },
    scaleDown: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }],
    },
  }
  const options = { min: 1, max: 100, behavior }
  assert.equal(history.limit({ ...options, current: 3, desired: 20, now }).replicas, 7)
  history.scaled(3, 7, behavior, now)
  // The period's start counts, not where it is now.
  assert.equal(history.limit({ ...options, current: 7, desired: 20, now: now + 30_000 }).replicas, 7)
  assert.equal(history.limit({ ...options, current: 7, desired: 20, now: now + 61_000 }).replicas, 14)
  assert.equal(history.limit({ ...options, current: 10, desired: 1, now: now + 200_000 }).replicas, 5)
  const disabled = { ...behavior, scaleDown: { selectPolicy: 'Disabled' } }
  assert.equal(history.limit({ ...options, behavior: disabled, current: 10, desired: 1, now }).replicas, 10)
})
