import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DaemonSet, Deployment, StatefulSet } from '../../types/apps-v1.ts'
import { created, createProblems, updateProblems } from '../test-objects.ts'

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
}
const spec = { selector: { matchLabels: { app: 'web' } }, template }
const object = (more: Record<string, unknown> = {}): { spec: Record<string, unknown> } => ({
  spec: { ...spec, ...more },
})

test('deployments, replica sets, daemon sets and stateful sets as people write them are fine', () => {
  for (const name of ['deployments.apps', 'replicasets.apps', 'daemonsets.apps', 'statefulsets.apps'])
    assert.deepEqual(createProblems(name, object()), [], name)
})

test('deployments: selector, template and strategy', () => {
  assert.deepEqual(createProblems('deployments.apps', { spec: { template } }), [
    'spec.selector: Required value',
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
  ])
  assert.deepEqual(createProblems('deployments.apps', object({ selector: {} })), [
    'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
  ])
  assert.deepEqual(createProblems('deployments.apps', object({ replicas: -1 })), [
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ])
  const never = { ...template, spec: { ...template.spec, restartPolicy: 'Never', activeDeadlineSeconds: 5 } }
  assert.deepEqual(createProblems('deployments.apps', object({ template: never })), [
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
  ])
  const strategy = (value: unknown): string[] =>
    createProblems('deployments.apps', object({ strategy: value }))
  assert.deepEqual(strategy({ type: 'Recreate', rollingUpdate: { maxSurge: 1 } }), [
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ])
  assert.deepEqual(strategy({ rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } }), [
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
  ])
  assert.deepEqual(strategy({ rollingUpdate: { maxSurge: 'some', maxUnavailable: '101%' } }), [
    "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"some\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
  ])
  assert.deepEqual(createProblems('deployments.apps', object({ minReadySeconds: 700 })), [
    'spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds',
  ])
})

test('deployments: the selector stays, counts of the status fit', () => {
  const old = created('deployments.apps', object())
  const problems = updateProblems('deployments.apps', old, (next) => {
    const { spec } = next as unknown as Deployment
    spec!.selector.matchLabels = { app: 'api' }
    spec!.template.metadata!.labels = { app: 'api' }
  })
  assert.deepEqual(problems, [
    'spec.selector: Invalid value: {"matchLabels":{"app":"api"}}: field is immutable',
  ])
  const status = updateProblems(
    'deployments.apps',
    { ...old, status: { collisionCount: 2 } },
    (next) => {
      next.status = { replicas: 1, readyReplicas: 2, availableReplicas: 1, collisionCount: 1 }
    },
    'status',
  )
  assert.deepEqual(status, [
    'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.collisionCount: Invalid value: 1: cannot be decremented',
  ])
})

test('daemon sets: strategies, and the count of template changes', () => {
  const strategy = (rollingUpdate: unknown): string[] =>
    createProblems('daemonsets.apps', object({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } }))
  assert.deepEqual(strategy({ maxSurge: 1, maxUnavailable: 1 }), [
    'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
  ])
  assert.deepEqual(strategy({ maxSurge: 0, maxUnavailable: 0 }), [
    'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
  ])
  const old = created('daemonsets.apps', object())
  assert.deepEqual(
    updateProblems('daemonsets.apps', old, (next) => {
      ;(next as unknown as DaemonSet).spec!.template.spec!.containers[0]!.image = 'nginx:2'
    }),
    [],
  )
})

test('stateful sets: claims count as volumes, and most of the spec stays', () => {
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  const mounts = [{ name: 'data', mountPath: '/data' }]
  const withData = object({
    serviceName: 'web',
    volumeClaimTemplates: [claim],
    template: {
      ...template,
      spec: { containers: [{ name: 'web', image: 'nginx:1', volumeMounts: mounts }] },
    },
  })
  assert.deepEqual(createProblems('statefulsets.apps', withData), [])
  const noModes = { ...claim, spec: { ...claim.spec, accessModes: [] } }
  assert.deepEqual(createProblems('statefulsets.apps', object({ volumeClaimTemplates: [noModes] })), [
    'spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required',
  ])
  assert.deepEqual(createProblems('statefulsets.apps', object({ podManagementPolicy: 'Random' })), [
    "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
  ])
  const old = created('statefulsets.apps', withData)
  const change = (next: unknown): Partial<StatefulSet['spec']> => (next as StatefulSet).spec!
  assert.deepEqual(
    updateProblems('statefulsets.apps', old, (next) => Object.assign(change(next)!, { replicas: 5 })),
    [],
  )
  assert.deepEqual(
    updateProblems('statefulsets.apps', old, (next) => Object.assign(change(next)!, { serviceName: 'x' })),
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  )
})

test('controller revisions never change', () => {
  assert.deepEqual(createProblems('controllerrevisions.apps', { revision: 1 }), [
    'data: Required value: data is mandatory',
  ])
  const old = created('controllerrevisions.apps', { revision: 1, data: { spec: 1 } })
  assert.deepEqual(
    updateProblems('controllerrevisions.apps', old, (next) => Object.assign(next, { data: { spec: 2 } })),
    ['data: Invalid value: {"spec":2}: field is immutable'],
  )
})
