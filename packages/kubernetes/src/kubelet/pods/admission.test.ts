import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, PodSpec } from '../../api/types/core-v1.ts'
import { admit } from './admission.ts'
import type { NodePod } from './node-pod.ts'

function pod(spec: Partial<PodSpec> = {}, requests?: Record<string, string>): NodePod {
  const container = { name: 'main', image: 'i', ...(requests && { resources: { requests } }) }
  return { metadata: { name: 'p', namespace: 'n', uid: 'u' }, spec: { containers: [container], ...spec } }
}

function node(...pressures: string[]): Node {
  return {
    metadata: { name: 'n1' },
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      conditions: pressures.map((type) => ({ type, status: 'True' })),
    },
  }
}

test('short of memory, only pods that ask for some are let in, or those that put up with it', () => {
  const short = node('MemoryPressure')
  assert.deepEqual(admit(pod(), short, []), {
    reason: 'Evicted',
    message: 'The node had condition: [MemoryPressure]. ',
  })
  const key = 'node.kubernetes.io/memory-pressure'
  assert.equal(admit(pod({ tolerations: [{ key, operator: 'Exists' }] }), short, []), undefined)
  assert.equal(admit(pod({}, { memory: '1Mi' }), short, []), undefined)
  assert.equal(admit(pod(), node(), []), undefined)
})

test('short of anything else, only critical pods are', () => {
  const short = node('MemoryPressure', 'DiskPressure')
  assert.equal(
    admit(pod({}, { memory: '1Mi' }), short, [])?.message,
    'The node had condition: [MemoryPressure DiskPressure]. ',
  )
  assert.equal(admit(pod({ priority: 2_000_000_000 }), short, []), undefined)
})
