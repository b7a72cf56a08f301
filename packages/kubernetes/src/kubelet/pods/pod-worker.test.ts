import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { silentLogger } from '../../log.ts'
import { emptyRecord } from '../containers/pod-record.ts'
import type { NodePod } from './node-pod.ts'
import { type PodSteps, PodWorker } from './pod-worker.ts'

test('a worker wakes up for what is asked of its pod, and not for what it has said itself', async () => {
  const pod: NodePod = {
    metadata: { name: 'p', namespace: 'n', uid: 'u', generation: 1 },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      readinessGates: [{ conditionType: 'example.com/gate' }],
    },
  }
  let syncs = 0
  const steps: PodSteps = {
    read: async ({ metadata }) => emptyRecord(metadata, 'runtime'),
    async sync() {
      syncs++
      // Failed, say: later again.
      return { again: Date.now() + 60_000 }
    },
    terminate: async () => ({ advance: true }),
    cleanUp: async () => ({ advance: true }),
    finish() {},
  }
  const worker = new PodWorker(pod, steps, silentLogger)
  const syncsAfter = async (update: NodePod): Promise<number> => {
    worker.update(update)
    await setImmediate()
    return syncs
  }
  await setImmediate()
  assert.equal(syncs, 1)
  const told: NodePod = { ...pod, status: { phase: 'Pending', message: 'create failed' } }
  assert.equal(await syncsAfter(told), 1)
  const gate = [{ type: 'example.com/gate', status: 'True' as const }]
  assert.equal(await syncsAfter({ ...told, status: { ...told.status, conditions: gate } }), 2)
  assert.equal(await syncsAfter({ ...told, metadata: { ...pod.metadata, labels: { a: 'b' } } }), 3)
  await worker.stop()
})
