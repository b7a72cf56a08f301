import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../../api/api-error.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import { createTestApi, type TestApi } from '../testing/test-api.ts'

const configMap = (name: string, labels?: Record<string, string>, data = {}): KubeObject => ({
  metadata: { name, namespace: 'default', ...(labels && { labels }) },
  data,
})

const names = (items: StoredKubeObject[]) => items.map(({ metadata }) => metadata.name)

async function withConfigMaps(labelled: Record<string, string>): Promise<TestApi> {
  const api = await createTestApi()
  for (const [name, color] of Object.entries(labelled))
    await api.create('configmaps', configMap(name, { color }))
  return api
}

const relabel = (api: TestApi, name: string, color: string) =>
  api.client.patch({ group: '', version: 'v1', resource: 'configmaps' }, 'default', name, 'merge', {
    metadata: { labels: { color } },
  })

const list = (api: TestApi, request: Parameters<TestApi['api']['list']>[2], namespace?: string) =>
  api.api.list(api.target('configmaps').resource, namespace, request)

test('lists select by labels and fields, within a namespace or over all', async () => {
  const api = await withConfigMaps({ a: 'red', b: 'blue', c: 'red' })
  assert.deepEqual(names((await list(api, { labelSelector: 'color=red' }, 'default')).items), ['a', 'c'])
  assert.deepEqual(names((await list(api, { labelSelector: 'color notin (red)' }, 'default')).items), ['b'])
  assert.deepEqual(names((await list(api, { fieldSelector: 'metadata.name=b' }, 'default')).items), ['b'])
  assert.deepEqual(names((await list(api, { fieldSelector: 'metadata.name!=b' }, 'default')).items), [
    'a',
    'c',
  ])
  const selector = 'metadata.namespace=kube-system,metadata.name=extension-apiserver-authentication'
  assert.equal((await list(api, { fieldSelector: selector })).items.length, 1)
  assert.equal((await list(api, { fieldSelector: 'metadata.name=a' })).items.length, 1)
  await assert.rejects(list(api, { fieldSelector: 'data.k=v' }), {
    reason: 'BadRequest',
    message: '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"',
  })
  await assert.rejects(list(api, { labelSelector: 'a in b' }), { reason: 'BadRequest' })
})

test('pages of a list show one state, with and without selectors', async () => {
  const api = await withConfigMaps({ a: 'red', b: 'blue', c: 'red', d: 'red', e: 'blue' })
  for (const labelSelector of [undefined, 'color in (red,blue)']) {
    const first = await list(api, { limit: 2, labelSelector }, 'default')
    assert.deepEqual(names(first.items), ['a', 'b'])
    assert.equal(first.remaining, labelSelector ? undefined : 3)
    await api.create('configmaps', configMap('bb', { color: 'red' }))
    const second = await list(api, { limit: 2, labelSelector, continue: first.continue }, 'default')
    assert.deepEqual(names(second.items), ['c', 'd'])
    assert.equal(second.revision, first.revision)
    const third = await list(api, { limit: 2, labelSelector, continue: second.continue }, 'default')
    assert.deepEqual(names(third.items), ['e'])
    assert.equal(third.continue, undefined)
    await api.client.delete({ group: '', version: 'v1', resource: 'configmaps' }, 'default', 'bb')
  }
  const red = await list(api, { limit: 2, labelSelector: 'color=red' }, 'default')
  const rest = await list(api, { limit: 2, labelSelector: 'color=red', continue: red.continue }, 'default')
  assert.deepEqual([names(red.items), names(rest.items)], [['a', 'c'], ['d']])
  await assert.rejects(list(api, { continue: 'nonsense' }), {
    reason: 'BadRequest',
    message: /^continue key is not valid/,
  })
})

test('a page that is too late is told how to go on', async () => {
  const api = await withConfigMaps({ a: 'red', b: 'blue', c: 'red' })
  const first = await list(api, { limit: 1 }, 'default')
  for (let i = 0; i < 8; i++) {
    await api.create('configmaps', configMap(`big${i}`, undefined, { k: 'x'.repeat(900_000) }))
  }
  const error = await list(api, { limit: 1, continue: first.continue }, 'default').catch(
    (error: unknown) => error,
  )
  assert.ok(error instanceof ApiError && error.code === 410)
  const { continue: inconsistent } = error.toStatus().metadata as { continue?: string }
  const second = await list(api, { limit: 1, continue: inconsistent }, 'default')
  assert.deepEqual(names(second.items), ['b'])
})

test('lists at a version: exact, at least, and of the future', async () => {
  const api = await withConfigMaps({ a: 'red', b: 'blue' })
  const then = String(api.store.revision)
  await api.create('configmaps', configMap('c'))
  const exact = await list(api, { resourceVersion: then, resourceVersionMatch: 'Exact' }, 'default')
  assert.deepEqual([names(exact.items), String(exact.revision)], [['a', 'b'], then])
  const newer = await list(api, { resourceVersion: then, resourceVersionMatch: 'NotOlderThan' }, 'default')
  assert.deepEqual(names(newer.items), ['a', 'b', 'c'])
  const future = String(api.store.revision + 10)
  await assert.rejects(list(api, { resourceVersion: future }), {
    reason: 'Timeout',
    message: `Too large resource version: ${future}, current: ${api.store.revision}`,
  })
})

test('a watch tells the state, then changes; leaving the selection is a deletion', async () => {
  const api = await withConfigMaps({ a: 'red', b: 'blue' })
  const red = api.watch('configmaps', 'default', { labelSelector: 'color=red' })
  const all = api.watch('configmaps', 'default', { resourceVersion: String(api.store.revision) })
  await relabel(api, 'a', 'blue')
  await relabel(api, 'b', 'red')
  await relabel(api, 'b', 'red')
  await api.client.patch({ group: '', version: 'v1', resource: 'configmaps' }, 'default', 'b', 'merge', {
    data: { k: 'v' },
  })
  await api.client.delete({ group: '', version: 'v1', resource: 'configmaps' }, 'default', 'b')
  await api.client.delete({ group: '', version: 'v1', resource: 'configmaps' }, 'default', 'a')
  await api.create('configmaps', {
    metadata: { name: 'z', namespace: 'kube-system', labels: { color: 'red' } },
  })
  assert.deepEqual(red.texts(), ['ADDED a', 'DELETED a', 'ADDED b', 'MODIFIED b', 'DELETED b'])
  assert.deepEqual(all.texts(), ['MODIFIED a', 'MODIFIED b', 'MODIFIED b', 'DELETED b', 'DELETED a'])
  const left = red.events[1]!.object
  assert.deepEqual(left.metadata.labels, { color: 'red' })
  assert.equal(left.metadata.resourceVersion, all.events[0]!.object.metadata.resourceVersion)
  red.end()
  all.end()
})

test('watches resume where they were, or are told that they cannot', async () => {
  const api = await withConfigMaps({ a: 'red' })
  const since = String(api.store.revision)
  await relabel(api, 'a', 'blue')
  const resumed = api.watch('configmaps', undefined, { resourceVersion: since })
  assert.deepEqual(resumed.texts(), ['MODIFIED a'])
  resumed.end()
  for (let i = 0; i < 8; i++) {
    await api.create('configmaps', configMap(`big${i}`, undefined, { k: 'x'.repeat(900_000) }))
  }
  assert.throws(() => api.watch('configmaps', undefined, { resourceVersion: since }), {
    reason: 'Expired',
    code: 410,
    message: /^too old resource version: \d+ \(\d+\)$/,
  })
  const future = String(api.store.revision + 1)
  assert.throws(() => api.watch('configmaps', undefined, { resourceVersion: future }), { reason: 'Timeout' })
})

test('a watch list ends its state with a marked bookmark', async () => {
  const api = await withConfigMaps({ a: 'red', b: 'blue' })
  const request = { sendInitialEvents: true, allowBookmarks: true, resourceVersion: '' }
  const watch = api.watch('configmaps', 'default', request)
  assert.deepEqual(watch.texts(), ['ADDED a', 'ADDED b', 'BOOKMARK undefined'])
  const { metadata, kind } = watch.events[2]!.object
  assert.equal(kind, 'ConfigMap')
  assert.equal(metadata.resourceVersion, String(api.store.revision))
  assert.deepEqual(metadata.annotations, { 'k8s.io/initial-events-end': 'true' })
  watch.end()
})

test('events are the same objects in both of their groups', async () => {
  const api = await createTestApi()
  const watch = api.watch('events.k8s.io/v1/events', 'default')
  await api.create('events', {
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    reason: 'Because',
    message: 'of this',
    type: 'Normal',
    source: { component: 'test' },
  })
  const target = api.target('events.k8s.io/v1/events', 'default', 'e')
  const event = await api.api.get(target)
  assert.equal(event.apiVersion, 'events.k8s.io/v1')
  assert.equal(event.note, 'of this')
  assert.deepEqual((event.regarding as { name: string }).name, 'p')
  assert.equal(watch.events[0]!.object.apiVersion, 'events.k8s.io/v1')
  const found = await api.api.list(target.resource, 'default', { fieldSelector: 'regarding.name=p' })
  assert.equal(found.items[0]?.note, 'of this')
  watch.end()
})

test('deleting a collection deletes what is selected', async () => {
  const api = await withConfigMaps({ a: 'red', b: 'blue', c: 'red' })
  const { resource } = api.target('configmaps')
  const deleted = await api.api.deleteCollection(
    resource,
    'default',
    { labelSelector: 'color=red' },
    {},
    api.write(),
  )
  assert.deepEqual(names(deleted.items), ['a', 'c'])
  assert.deepEqual(names((await list(api, {}, 'default')).items), ['b'])
})
