import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventCorrelator, newEvent } from './event-correlator.ts'

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name: 'web', uid: 'u', resourceVersion: '1' },
}

test('equal events count up under the first name, also when the object has changed', () => {
  let now = 1_000_000
  const correlator = createEventCorrelator(() => now)
  const event = (version: string) =>
    newEvent(
      { ...pod, metadata: { ...pod.metadata, resourceVersion: version } },
      { component: 'kubelet', host: 'n' },
      'Normal',
      'Pulled',
      'pulled',
      now,
    )
  const first = correlator.correlate(event('1'))
  now += 60_000
  const second = correlator.correlate(event('2'))
  assert.equal(first?.count, 1)
  assert.equal(second?.count, 2)
  assert.equal(second?.metadata.name, first?.metadata.name)
  assert.equal(second?.firstTimestamp, first?.firstTimestamp)
  assert.notEqual(second?.lastTimestamp, first?.lastTimestamp)
})

test('ten messages of one reason are joined, and a burst of more than 25 is cut', () => {
  const correlator = createEventCorrelator(() => 0)
  const written = Array.from({ length: 40 }, (_, i) =>
    correlator.correlate(newEvent(pod, { component: 'x' }, 'Warning', 'Failed', `message ${i}`, 0)),
  )
  assert.equal(written[8]?.message, 'message 8')
  assert.equal(written[9]?.message, '(combined from similar events): message 9')
  assert.equal(written[10]?.count, 2)
  assert.equal(written.filter(Boolean).length, 25)
})

test('an event about a cluster-scoped object lives in default', () => {
  const event = newEvent(
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', uid: 'n' } },
    { component: 'x' },
    'Normal',
    'Starting',
    '',
    0,
  )
  assert.equal(event.metadata.namespace, 'default')
  assert.equal(event.involvedObject.namespace, undefined)
})
