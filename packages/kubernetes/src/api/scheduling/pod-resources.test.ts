import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, Pod, PodSpec } from '../types/core-v1.ts'
import { podRequests } from './pod-resources.ts'

function container(name: string, cpu: string, more: Partial<Container> = {}): Container {
  return { name, resources: { requests: { cpu } }, ...more }
}

function pod(spec: Partial<PodSpec>, status?: Pod['status']): Pod {
  return { metadata: { name: 'p' }, spec: { containers: [], ...spec }, ...(status && { status }) }
}

test('containers add up, an init container counts where it needs more', () => {
  const containers = [container('a', '100m'), container('b', '200m')]
  assert.equal(podRequests(pod({ containers })).get('cpu'), 300)
  assert.equal(podRequests(pod({ containers, initContainers: [container('i', '1')] })).get('cpu'), 1000)
})

test('sidecars run beside what follows them, and beside the containers', () => {
  const sidecar = container('s', '500m', { restartPolicy: 'Always' })
  const containers = [container('a', '100m')]
  assert.equal(podRequests(pod({ containers, initContainers: [sidecar] })).get('cpu'), 600)
  assert.equal(
    podRequests(pod({ containers, initContainers: [sidecar, container('i', '1')] })).get('cpu'),
    1500,
  )
  assert.equal(
    podRequests(pod({ containers, initContainers: [container('i', '1'), sidecar] })).get('cpu'),
    1000,
  )
})

test('requests of the pod replace those of its containers, overhead comes on top', () => {
  const spec = {
    containers: [container('a', '100m')],
    resources: { requests: { cpu: '2', 'example.com/gpu': '1' } },
    overhead: { cpu: '50m', memory: '1Mi' },
  }
  assert.deepEqual(
    podRequests(pod(spec)),
    new Map([
      ['cpu', 2050],
      ['memory', 1024 ** 2],
    ]),
  )
})

test('a container that has more than it asks for counts with what it has', () => {
  const status = (requests: Record<string, string>) => ({
    containerStatuses: [
      { name: 'a', ready: true, restartCount: 0, image: '', imageID: '', resources: { requests } },
    ],
  })
  const containers = [container('a', '100m')]
  assert.equal(podRequests(pod({ containers }, status({ cpu: '1' })), { useStatus: true }).get('cpu'), 1000)
  assert.equal(podRequests(pod({ containers }, status({ cpu: '50m' })), { useStatus: true }).get('cpu'), 100)
  assert.equal(podRequests(pod({ containers }, status({ cpu: '1' }))).get('cpu'), 100)
})

test('missing requests can count as something', () => {
  const containers = [container('a', '100m'), { name: 'b' }]
  assert.equal(podRequests(pod({ containers }), { nonMissing: { cpu: 100 } }).get('cpu'), 200)
})
