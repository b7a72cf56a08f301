import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResourceRequirements } from '../../api/types/core-v1.ts'
import type { ContainerRecord } from '../containers/pod-record.ts'
import { emptyRecord } from '../containers/pod-record.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { containerStatuses } from './container-statuses.ts'

/** The resources in the status of a running container. */
function reported(asked: ResourceRequirements, enforced: ResourceRequirements): unknown {
  const metadata = { name: 'p', namespace: 'n', uid: 'u' }
  const pod: NodePod = { metadata, spec: { containers: [{ name: 'c', image: 'i', resources: asked }] } }
  const container: ContainerRecord = {
    id: '1',
    name: 'c',
    sandboxId: 's',
    image: 'i',
    imageRef: 'i',
    hash: '',
    restartCount: 0,
    state: 'running',
    createdAt: 1,
    startedAt: 1,
    finishedAt: 0,
    exitCode: 0,
    reason: '',
    message: '',
    logPath: '',
    mounts: [],
    resources: enforced,
  }
  const record = { ...emptyRecord(metadata, 'containerd'), containers: [container] }
  const [status] = containerStatuses(
    {
      pod,
      record,
      previous: {},
      reasons: { get: () => undefined } as never,
      recursiveReadOnly: false,
      restartingAll: false,
      appliedResources: () => asked,
    },
    'main',
  )
  return status?.resources
}

test('a running container has what the runtime enforces of what it asked for', () => {
  assert.deepEqual(
    reported({ limits: { cpu: '100m', 'example.com/x': '1' } }, { limits: { cpu: '50m', memory: '1Gi' } }),
    { limits: { cpu: '50m', 'example.com/x': '1' } },
  )
})

test('cpu below what a kernel can enforce stays what was asked for', () => {
  const asked = { limits: { cpu: '5m' }, requests: { cpu: '1m' } }
  assert.deepEqual(reported(asked, { limits: { cpu: '10m' }, requests: { cpu: '2m' } }), asked)
  assert.deepEqual(reported(asked, { limits: { cpu: '11m' }, requests: { cpu: '3m' } }), {
    limits: { cpu: '11m' },
    requests: { cpu: '3m' },
  })
})
