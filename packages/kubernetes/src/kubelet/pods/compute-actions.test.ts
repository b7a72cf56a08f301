import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Container, PodSpec } from '../../api/types/core-v1.ts'
import { type ContainerRecord, containerHash, emptyRecord, type PodRecord } from '../containers/pod-record.ts'
import type { ProbeResult } from '../probes/probe-results.ts'
import { type ActionInputs, computeActions } from './compute-actions.ts'
import type { NodePod } from './node-pod.ts'

const metadata = { name: 'p', namespace: 'd', uid: 'u' }
const spec = (name: string, more: Partial<Container> = {}): Container => ({ name, image: 'i', ...more })
const pod = (more: Partial<PodSpec>): NodePod => ({
  metadata,
  spec: { restartPolicy: 'Always', containers: [spec('a'), spec('b')], ...more },
})

function ran(name: string, state: ContainerRecord['state'], exitCode = 0): ContainerRecord {
  return {
    id: `${name}-id`,
    name,
    sandboxId: 's',
    image: 'i',
    imageRef: 'i',
    hash: containerHash({ name, image: 'i' }),
    restartCount: 0,
    state,
    createdAt: 1,
    startedAt: 1,
    finishedAt: 2,
    exitCode,
    reason: '',
    message: '',
    logPath: '',
    mounts: [],
  }
}

function record(containers: ContainerRecord[], sandbox: 'ready' | 'ended' | 'none' = 'ready'): PodRecord {
  const made = emptyRecord(metadata, 'containerd')
  if (sandbox !== 'none') {
    made.sandboxes = [
      {
        id: 's',
        attempt: 0,
        ready: sandbox === 'ready',
        createdAt: 0,
        hostNetwork: false,
        ips: ['10.0.0.1'],
      },
    ]
  }
  made.containers = containers
  return made
}

function inputs(
  liveness: Record<string, ProbeResult> = {},
  startup: Record<string, ProbeResult> = {},
): ActionInputs {
  return {
    liveness: new Map(Object.entries(liveness)),
    startup: new Map(Object.entries(startup)),
    restartAll: false,
    resizeByRestart: new Set(),
  }
}

describe('the sandbox', () => {
  test('is made with all containers when there is none', () => {
    const actions = computeActions(pod({}), record([], 'none'), inputs())
    assert.deepEqual([actions.createSandbox, actions.attempt, actions.containersToStart], [true, 0, [0, 1]])
  })

  test('is made again when it ended, as the next attempt, and everything starts in it', () => {
    const actions = computeActions(
      pod({}),
      record([ran('a', 'exited'), ran('b', 'exited')], 'ended'),
      inputs(),
    )
    assert.deepEqual(
      [actions.killPod, actions.createSandbox, actions.attempt, actions.containersToStart],
      [true, true, 1, [0, 1]],
    )
  })

  test('is not made again for a pod whose containers must not run twice', () => {
    const actions = computeActions(
      pod({ restartPolicy: 'Never' }),
      { ...record([ran('a', 'exited', 1)], 'ended') },
      inputs(),
    )
    assert.deepEqual([actions.killPod, actions.createSandbox, actions.containersToStart], [true, false, []])
  })

  test('starts with the first init container', () => {
    const actions = computeActions(pod({ initContainers: [spec('i')] }), record([], 'none'), inputs())
    assert.deepEqual([actions.initContainersToStart, actions.containersToStart], [[0], []])
  })
})

describe('main containers', () => {
  test('that run are left alone', () => {
    const actions = computeActions(pod({}), record([ran('a', 'running'), ran('b', 'running')]), inputs())
    assert.deepEqual([actions.killPod, actions.containersToStart, actions.containersToKill], [false, [], []])
  })

  for (const [policy, exitCode, restarts] of [
    ['Always', 0, true],
    ['OnFailure', 1, true],
    ['OnFailure', 0, false],
    ['Never', 1, false],
  ] as const) {
    test(`that ended with ${exitCode} ${restarts ? 'start again' : 'stay as they are'} with policy ${policy}`, () => {
      const containers = [ran('a', 'running'), ran('b', 'exited', exitCode)]
      const actions = computeActions(pod({ restartPolicy: policy }), record(containers), inputs())
      assert.deepEqual(actions.containersToStart, restarts ? [1] : [])
    })
  }

  test('with a rule of their own follow it', () => {
    const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }]
    const containers = [spec('a'), spec('b', { restartPolicy: 'Never', restartPolicyRules: rules })]
    const after = (exitCode: number) =>
      computeActions(
        pod({ restartPolicy: 'Never', containers }),
        record([ran('a', 'running'), ran('b', 'exited', exitCode)]),
        inputs(),
      ).containersToStart
    assert.deepEqual([after(42), after(1)], [[1], []])
  })

  test('end with their pod when none is to run any more', () => {
    const containers = [ran('a', 'exited'), ran('b', 'exited')]
    const actions = computeActions(pod({ restartPolicy: 'OnFailure' }), record(containers), inputs())
    assert.deepEqual([actions.killPod, actions.createSandbox], [true, false])
  })

  test('are killed and started again when they fail a probe or their definition changed', () => {
    const running = [ran('a', 'running'), { ...ran('b', 'running'), hash: 'other' }]
    const actions = computeActions(pod({}), record(running), inputs({ 'a-id': 'failure' }))
    assert.deepEqual(actions.containersToStart, [0, 1])
    assert.deepEqual(
      actions.containersToKill.map(({ message, reason }) => [message, reason]),
      [
        ['Container a failed liveness probe, will be restarted', 'livenessProbe'],
        ['Container b definition changed, will be restarted', 'other'],
      ],
    )
  })
})

describe('init containers', () => {
  const withInit = pod({
    initContainers: [spec('one'), spec('side', { restartPolicy: 'Always' }), spec('two')],
  })
  const next = (containers: ContainerRecord[], given = inputs()) => {
    const { initContainersToStart, containersToStart, killPod } = computeActions(
      withInit,
      record(containers),
      given,
    )
    return [initContainersToStart, containersToStart, killPod]
  }

  test('run one after the other; a sidecar only has to be started', () => {
    assert.deepEqual(next([]), [[0], [], false])
    assert.deepEqual(next([ran('one', 'running')]), [[], [], false])
    assert.deepEqual(next([ran('one', 'exited')]), [[1], [], false])
    assert.deepEqual(next([ran('one', 'exited'), ran('side', 'running')]), [[2], [], false])
    assert.deepEqual(next([ran('one', 'exited'), ran('side', 'running'), ran('two', 'exited')]), [
      [],
      [0, 1],
      false,
    ])
  })

  test('that fail start again, unless the pod must not', () => {
    assert.deepEqual(next([ran('one', 'exited', 1)]), [[0], [], false])
    const never = pod({ restartPolicy: 'Never', initContainers: [spec('one')] })
    assert.equal(computeActions(never, record([ran('one', 'exited', 1)]), inputs()).killPod, true)
  })

  test('hold the next ones back until a startup probe succeeds', () => {
    const initContainers = [spec('side', { restartPolicy: 'Always', startupProbe: {} }), spec('two')]
    const held = pod({ initContainers })
    const state = record([ran('side', 'running')])
    assert.deepEqual(computeActions(held, state, inputs()).initContainersToStart, [])
    assert.deepEqual(
      computeActions(held, state, inputs({}, { 'side-id': 'success' })).initContainersToStart,
      [1],
    )
  })

  test('that are sidecars start again while the pod runs, others do not', () => {
    const main = [ran('a', 'running'), ran('b', 'running')]
    assert.deepEqual(next([...main, ran('side', 'exited')]), [[1], [], false])
  })
})

test('an ephemeral container starts once', () => {
  const debugged = pod({ ephemeralContainers: [{ name: 'e', image: 'i' }] })
  const main = [ran('a', 'running'), ran('b', 'running')]
  assert.deepEqual(computeActions(debugged, record(main), inputs()).ephemeralContainersToStart, [0])
  const after = record([...main, ran('e', 'exited')])
  assert.deepEqual(computeActions(debugged, after, inputs()).ephemeralContainersToStart, [])
})
