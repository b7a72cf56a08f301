import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PodCondition, PodStatus } from '../../api/types/core-v1.ts'
import { statusPatch } from './status-patch.ts'

const condition = (type: string, status: string): PodCondition => ({ type, status, lastTransitionTime: 't' })

test('no difference, no patch; what others wrote is no difference', () => {
  const ours: PodStatus = { phase: 'Running', conditions: [condition('Ready', 'True')] }
  const theirs: PodStatus = {
    phase: 'Running',
    nominatedNodeName: 'x',
    conditions: [
      { ...condition('Ready', 'True'), lastProbeTime: null as never },
      condition('example.com/gate', 'True'),
    ],
  }
  assert.equal(statusPatch('u', theirs, ours), undefined)
})

test('only what changed is sent, lists that would be merged by key as a whole', () => {
  const before: PodStatus = {
    phase: 'Running',
    podIPs: [{ ip: '1.1.1.1' }],
    message: 'old',
    conditions: [condition('Ready', 'True'), condition('AllContainersRestarting', 'False')],
  }
  const after: PodStatus = {
    phase: 'Running',
    podIPs: [{ ip: '2.2.2.2' }],
    conditions: [condition('Ready', 'False')],
  }
  assert.deepEqual(statusPatch('u', before, after), {
    metadata: { uid: 'u' },
    status: {
      message: null,
      podIPs: [{ $patch: 'replace' }, { ip: '2.2.2.2' }],
      conditions: [condition('Ready', 'False'), { type: 'AllContainersRestarting', $patch: 'delete' }],
    },
  })
})

test('a field of a condition that is gone is taken away', () => {
  const before = [{ ...condition('Ready', 'False'), reason: 'R', message: 'M' }]
  const patch = statusPatch('u', { conditions: before }, { conditions: [condition('Ready', 'True')] })
  assert.deepEqual(patch, {
    metadata: { uid: 'u' },
    status: { conditions: [{ ...condition('Ready', 'True'), reason: null, message: null }] },
  })
})
