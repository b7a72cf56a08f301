import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from './api/kube-object.ts'
import { startTestControlPlane } from './apiserver/testing/test-control-plane.ts'
import { configMaps, deployments, pods } from './client/resources.ts'
import { startControlPlane } from './control-plane.ts'
import { silentLogger } from './log.ts'
import { StoreFailure } from './store/store.ts'

test('what was written is there after a restart, revisions go on, watchers come back', async () => {
  const server = await startTestControlPlane()
  const client = server.client()
  const made: KubeObject = await client.create(configMaps, 'default', {
    metadata: { name: 'kept' },
    data: { k: 'v' },
  })
  const watch = client.watch(configMaps, { signal: new AbortController().signal })
  const first = await watch[Symbol.asyncIterator]().next()
  assert.equal(first.done, false)
  await server.restart()
  const again = server.client()
  const kept = await again.get(configMaps, 'default', 'kept')
  assert.deepEqual(kept, made)
  const later: KubeObject = await again.create(configMaps, 'default', { metadata: { name: 'later' } })
  assert.ok(Number(later.metadata?.resourceVersion) > Number(made.metadata?.resourceVersion))
  await server.stop()
})

test('controllers work: a deployment gets its pods', async () => {
  const server = await startTestControlPlane()
  const client = server.client()
  const labels = { app: 'web' }
  const stop = new AbortController()
  const seen = new Set<string>()
  const watching = (async () => {
    for await (const { object } of client.watch(pods, { namespace: 'default', signal: stop.signal })) {
      seen.add(object.metadata?.name ?? '')
      if (seen.size === 3) return
    }
  })()
  await client.create(deployments, 'default', {
    metadata: { name: 'web' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
    },
  })
  await watching
  stop.abort()
  for (const name of seen) assert.match(name, /^web-[a-z0-9]+-[a-z0-9]{5}$/)
  await server.stop()
})

test('a second control plane on the same data is refused, and harms nothing', async () => {
  const server = await startTestControlPlane()
  await assert.rejects(
    startControlPlane(server.config, { log: silentLogger }),
    (error) => error instanceof StoreFailure && /another process is using it/.test(error.message),
  )
  assert.equal((await server.request('GET', '/readyz')).text, 'ok')
  await server.stop()
})

test('a taken port is an error and leaves nothing behind', async () => {
  const server = await startTestControlPlane()
  const other = await startTestControlPlane()
  await other.running.stop()
  const config = { ...other.config, port: server.running.port }
  await assert.rejects(startControlPlane(config, { log: silentLogger }), { code: 'EADDRINUSE' })
  // The store was closed again: it can be opened.
  const third = await startControlPlane(other.config, { log: silentLogger })
  await third.stop()
  await server.stop()
})
