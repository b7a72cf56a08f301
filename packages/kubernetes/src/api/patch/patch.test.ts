import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../api-error.ts'
import { cloneJson } from '../json.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'
import { deploymentNode } from './test-nodes.ts'

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { app: 'web', tier: 'front' }, finalizers: ['a', 'b'] },
  spec: {
    replicas: 3,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      spec: {
        containers: [
          {
            name: 'nginx',
            image: 'nginx:1',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
          { name: 'side', image: 'side:1', command: ['run', '-v'] },
        ],
        volumes: [{ name: 'data', emptyDir: { medium: 'Memory' } }],
        tolerations: [{ key: 'x', operator: 'Exists' }],
      },
    },
  },
}
const untouched = cloneJson(deployment)

function refusal(action: () => unknown): ApiError {
  try {
    action()
  } catch (error) {
    assert.ok(error instanceof ApiError)
    return error
  }
  throw new assert.AssertionError({ message: 'not refused' })
}

type Patch = Record<string, unknown>
const smp = (patch: Patch) => applyStrategicMergePatch(deployment, patch, deploymentNode)
const podSmp = (spec: Patch) => smp({ spec: { template: { spec } } }).spec.template.spec

test('JSON patch: every operation, negative indices, escaped keys', () => {
  const result = applyJsonPatch({ a: { 'x/y': 1, '~t': 2 }, list: [1, 2, 3] } as Patch, [
    { op: 'test', path: '/a/x~1y', value: 1 },
    { op: 'replace', path: '/a/~0t', value: { deep: true } },
    { op: 'add', path: '/list/-', value: 4 },
    { op: 'add', path: '/list/0', value: 0 },
    { op: 'remove', path: '/list/-1' },
    { op: 'copy', from: '/list', path: '/copy' },
    { op: 'move', from: '/list/0', path: '/first' },
    { op: 'replace', path: '/notThere', value: 'set' },
    { op: 'test', path: '/absent', value: null },
  ])
  assert.deepEqual(result, {
    a: { 'x/y': 1, '~t': { deep: true } },
    list: [1, 2, 3],
    copy: [0, 1, 2, 3],
    first: 0,
    notThere: 'set',
  })
})

test('JSON patch: a failed test or missing path is 422 and says why in its cause', () => {
  const failed = refusal(() => applyJsonPatch(deployment, [{ op: 'test', path: '/spec/replicas', value: 4 }]))
  assert.equal(failed.code, 422)
  assert.equal(failed.message, 'the server rejected our request due to an error in our request')
  assert.equal(failed.details?.causes?.[0]?.message, 'testing value /spec/replicas failed: test failed')
  const missing = refusal(() => applyJsonPatch(deployment, [{ op: 'add', path: '/nope/deeper', value: 1 }]))
  assert.equal(
    missing.details?.causes?.[0]?.message,
    'add operation does not apply: doc is missing path: "/nope/deeper": missing value',
  )
  const index = refusal(() => applyJsonPatch(deployment, [{ op: 'remove', path: '/metadata/finalizers/7' }]))
  assert.match(String(index.details?.causes?.[0]?.message), /Unable to access invalid index: 7/)
  assert.equal(refusal(() => applyJsonPatch(deployment, { op: 'add' })).code, 400)
  assert.deepEqual(deployment, untouched)
})

test('merge patch: null deletes, objects merge, lists are replaced', () => {
  const result = applyMergePatch(deployment, {
    metadata: { labels: { tier: null, new: 'x' }, finalizers: ['c'] },
    spec: { added: { kept: 1, dropped: null } },
  })
  assert.deepEqual(result.metadata, { name: 'web', labels: { app: 'web', new: 'x' }, finalizers: ['c'] })
  assert.deepEqual((result.spec as Patch).added, { kept: 1 })
  assert.equal(refusal(() => applyMergePatch(deployment, [])).code, 400)
  assert.deepEqual(deployment, untouched)
})

test('kubectl set image: one element of a list by its key, order kept', () => {
  const spec = podSmp({ containers: [{ name: 'side', image: 'side:2' }] })
  assert.deepEqual(
    spec.containers.map((container) => [container.name, container.image]),
    [
      ['nginx', 'nginx:1'],
      ['side', 'side:2'],
    ],
  )
  assert.deepEqual(spec.containers[1]?.command, ['run', '-v'])
  assert.deepEqual(deployment, untouched)
})

test('kubectl apply: $setElementOrder reorders, adds and merges', () => {
  const spec = podSmp({
    '$setElementOrder/containers': [{ name: 'new' }, { name: 'side' }, { name: 'nginx' }],
    containers: [
      { name: 'new', image: 'n' },
      {
        name: 'nginx',
        '$setElementOrder/env': [{ name: 'B' }, { name: 'A' }],
        env: [{ name: 'B', value: '3' }],
      },
    ],
  })
  assert.deepEqual(
    spec.containers.map((container) => container.name),
    ['new', 'side', 'nginx'],
  )
  assert.deepEqual(spec.containers[2]?.env, [
    { name: 'B', value: '3' },
    { name: 'A', value: '1' },
  ])
})

test('an element the order does not name keeps its place', () => {
  const spec = podSmp({ '$setElementOrder/containers': [{ name: 'side' }] })
  assert.deepEqual(
    spec.containers.map((container) => container.name),
    ['nginx', 'side'],
  )
})

test('$patch: delete an element, delete a map, replace a map, replace a list', () => {
  assert.deepEqual(
    podSmp({ containers: [{ name: 'nginx', $patch: 'delete' }] }).containers.map(
      (container) => container.name,
    ),
    ['side'],
  )
  assert.deepEqual(smp({ metadata: { labels: { $patch: 'delete' } } }).metadata.labels, {})
  assert.deepEqual(smp({ metadata: { labels: { $patch: 'replace', only: 'me' } } }).metadata.labels, {
    only: 'me',
  })
  assert.deepEqual(podSmp({ containers: [{ $patch: 'replace' }, { name: 'x', image: 'y' }] }).containers, [
    { name: 'x', image: 'y' },
  ])
})

test('primitive lists merge as sets, $deleteFromPrimitiveList takes out', () => {
  assert.deepEqual(smp({ metadata: { finalizers: ['c', 'a'] } }).metadata.finalizers, ['c', 'a', 'b'])
  assert.deepEqual(smp({ metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } }).metadata.finalizers, [
    'b',
  ])
})

test('atomic lists are replaced, nulls delete and never arrive', () => {
  assert.deepEqual(podSmp({ tolerations: [{ key: 'y', operator: null }] }).tolerations, [{ key: 'y' }])
  const spec = smp({ spec: { replicas: null, paused: null, extra: { a: null, b: 1 } } }).spec as Patch
  assert.equal('replicas' in spec, false)
  assert.equal('paused' in spec, false)
  assert.deepEqual(spec.extra, { b: 1 })
})

test('$retainKeys clears what it does not name: changing the strategy and a volume source', () => {
  assert.deepEqual(smp({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }).spec.strategy, {
    type: 'Recreate',
  })
  assert.deepEqual(
    podSmp({
      '$setElementOrder/volumes': [{ name: 'data' }],
      volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'data', hostPath: { path: '/x' } }],
    }).volumes,
    [{ name: 'data', hostPath: { path: '/x' } }],
  )
  const wrong = refusal(() => smp({ spec: { strategy: { $retainKeys: ['other'], type: 'Recreate' } } }))
  assert.deepEqual([wrong.code, wrong.message], [400, 'invalid patch format of retainKeys'])
})

test('malformed strategic patches are told apart', () => {
  const noKey = refusal(() => podSmp({ containers: [{ image: 'x' }] }))
  assert.deepEqual(
    [noKey.code, noKey.message],
    [500, 'map: map[image:x] does not contain declared merge key: name'],
  )
  const unknown = refusal(() => podSmp({ containers: [{ name: 'nginx', $patch: 'frob' }] }))
  assert.match(unknown.message, /^unknown patch type: frob in map:/)
  assert.equal(refusal(() => smp([] as unknown as Patch)).code, 400)
  const order = refusal(() =>
    podSmp({
      '$setElementOrder/containers': [{ name: 'side' }],
      containers: [{ name: 'nginx', image: 'x' }],
    }),
  )
  assert.match(order.message, /^The order in patch list:/)
})
