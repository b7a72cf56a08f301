import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { ApiError } from '@minikube-ts/kubernetes/api/api-error.ts'
import { createHttpClientFromKubeconfig } from '@minikube-ts/kubernetes/client/kubeconfig-client.ts'
import { configMaps } from '@minikube-ts/kubernetes/client/resources.ts'
import { ControlPlaneProcess } from '../support/control-plane-process.ts'

const kills = 50

interface Counter {
  metadata: { name: string; namespace: string; resourceVersion?: string }
  data: { n: string }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

it(`${kills} × kill -9 of the control plane under a counting writer: nothing acknowledged is lost`, {
  timeout: 170_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'minikube-crash-'))
  const controlPlane = await ControlPlaneProcess.prepare(directory, await freePort())
  try {
    await controlPlane.start()
    let client = await createHttpClientFromKubeconfig(controlPlane.kubeconfig)
    let acknowledged = await client.create<Counter>(configMaps, 'default', {
      metadata: { name: 'counter', namespace: 'default' },
      data: { n: '0' },
    })
    const created: string[] = []
    let watchedFrom = acknowledged.metadata.resourceVersion
    for (let round = 0; round < kills; round++) {
      // Writes one after the other, until the process dies under it at a random moment.
      const dying = after(Math.random() * 120).then(() => controlPlane.kill())
      try {
        for (;;) {
          acknowledged = await client.update<Counter>(configMaps, {
            ...acknowledged,
            data: { n: String(Number(acknowledged.data.n) + 1) },
          })
          const name = `row-${round}-${acknowledged.data.n}`
          await client.create<Counter>(configMaps, 'default', {
            metadata: { name, namespace: 'default' },
            data: { n: acknowledged.data.n },
          })
          created.push(name)
        }
      } catch (error) {
        assert.ok(error instanceof ApiError, String(error))
        assert.ok(
          ['ServiceUnavailable', 'InternalError', 'Timeout', ''].includes(error.reason),
          `${error.reason}: ${error.message}`,
        )
      }
      await dying
      client.close()
      await controlPlane.start()
      client = await createHttpClientFromKubeconfig(controlPlane.kubeconfig)

      // A watcher from before goes on, or is told to list again; it never sees a gap in silence.
      const stop = new AbortController()
      try {
        const watch = client.watch<Counter>(configMaps, {
          namespace: 'default',
          resourceVersion: watchedFrom,
          signal: stop.signal,
        })
        const poke = client.create<Counter>(configMaps, 'default', {
          metadata: { name: `poke-${round}`, namespace: 'default' },
          data: { n: '0' },
        })
        let last = Number(watchedFrom)
        for await (const { object } of watch) {
          const revision = Number(object.metadata.resourceVersion)
          assert.ok(revision > last, `revision ${revision} after ${last}`)
          last = revision
          if (object.metadata.name === `poke-${round}`) break
        }
        await poke
      } catch (error) {
        assert.ok(error instanceof ApiError && ['Expired', 'Gone'].includes(error.reason), String(error))
      } finally {
        stop.abort()
      }

      const current = await client.get<Counter>(configMaps, 'default', 'counter')
      const [is, was] = [current, acknowledged].map(({ data, metadata }) => [
        Number(data.n),
        Number(metadata.resourceVersion),
      ])
      assert.ok(is[0] >= was[0] && is[0] <= was[0] + 1, `counter ${is[0]} after ${was[0]} was acknowledged`)
      assert.ok(is[1] >= was[1], `revision ${is[1]} after ${was[1]}`)
      acknowledged = current
      const list = await client.list<Counter>(configMaps, { namespace: 'default' })
      const present = new Set(list.items.map((item) => item.metadata.name))
      assert.deepEqual(
        created.filter((name) => !present.has(name)),
        [],
      )
      assert.ok(Number(list.metadata.resourceVersion) >= Number(watchedFrom))
      watchedFrom = list.metadata.resourceVersion
    }
    assert.ok(created.length > 0)
    client.close()
  } finally {
    await controlPlane.kill()
    await rm(directory, { recursive: true, force: true })
  }
})
