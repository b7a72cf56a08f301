import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { LocalNode } from '../../node/local-node.ts'
import { stopContainers } from './stop-containers.ts'

test('a runtime that never answers does not hold an interrupted stop', async () => {
  const interrupt = new AbortController()
  const asked: string[] = []
  const client = {
    listContainers: async () => ({ containers: [{ id: 'one', annotations: {} }] }),
    containerStatus: async () => ({ info: {} }),
    imageStatus: async () => ({ info: {} }),
    stopContainer: async ({ containerId }: { containerId: string }, { signal }: { signal: AbortSignal }) => {
      asked.push(containerId)
      const aborted = once(signal, 'abort')
      interrupt.abort()
      await aborted
      signal.throwIfAborted()
    },
  } as unknown as CriClient
  await stopContainers(client, new LocalNode('localhost'), interrupt.signal)
  assert.deepEqual(asked, ['one'])
})
