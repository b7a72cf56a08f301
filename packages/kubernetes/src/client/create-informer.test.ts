import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../api/api-error.ts'
import type { ObjectMeta } from '../api/kube-object.ts'
import { silentLogger } from '../log.ts'
import type { Client, WatchEvent } from './client.ts'
import { createInformerFactory } from './create-informer-factory.ts'
import { pods } from './resources.ts'

interface Thing {
  metadata: ObjectMeta
  color?: string
}

function thing(name: string, version: number, color?: string, uid = name): Thing {
  return {
    metadata: { namespace: 'default', name, uid, resourceVersion: `${version}` },
    ...(color && { color }),
  }
}

type Step = WatchEvent<Thing> | Error | 'end'

/** A server whose lists and watch events the test hands out one by one. */
function scripted(lists: { version: string; items: Thing[] }[]) {
  const steps: Step[] = []
  let wake: (() => void) | undefined
  const watched: string[] = []
  const client = {
    async list() {
      const next = lists.shift()
      assert.ok(next, 'an unexpected list')
      return { metadata: { resourceVersion: next.version }, items: next.items }
    },
    async *watch(_resource: unknown, options: { resourceVersion: string; signal: AbortSignal }) {
      watched.push(options.resourceVersion)
      options.signal.addEventListener('abort', () => wake?.())
      while (!options.signal.aborted) {
        const step = steps.shift()
        if (step === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        } else if (step === 'end') return
        else if (step instanceof Error) throw step
        else yield step
      }
    },
  }
  return {
    client: client as unknown as Client,
    watched,
    send(...next: Step[]) {
      steps.push(...next)
      wake?.()
    },
  }
}

/** Resolves with the first `count` changes, in words. */
function changes(informer: ReturnType<typeof start>, count: number): Promise<string[]> {
  const seen: string[] = []
  return new Promise((resolve) => {
    informer.listen(({ current, old }) => {
      const verb = current ? (old ? 'update' : 'add') : 'delete'
      seen.push(`${verb} ${(current ?? old)?.metadata.name}@${(current ?? old)?.metadata.resourceVersion}`)
      if (seen.length === count) resolve(seen)
    })
  })
}

function start(client: Client, signal: AbortSignal) {
  return createInformerFactory(client, { log: silentLogger, signal }).informer<Thing>(pods)
}

test('lists, watches, indexes, and resumes from the last version after the watch ends', async (t) => {
  const server = scripted([{ version: '5', items: [thing('a', 3, 'red'), thing('b', 4, 'blue')] }])
  const stop = new AbortController()
  t.after(() => stop.abort())
  const informer = start(server.client, stop.signal)
  informer.addIndex('color', ({ color }) => (color ? [color] : []))
  const seen = changes(informer, 5)
  await informer.synced
  assert.equal(informer.byIndex('color', 'red').length, 1)
  server.send(
    { type: 'MODIFIED', object: thing('a', 6, 'blue') },
    { type: 'ADDED', object: thing('a', 6, 'blue') },
    { type: 'BOOKMARK', object: thing('', 9) },
    'end',
    { type: 'DELETED', object: thing('b', 10, 'blue') },
    { type: 'ADDED', object: thing('c', 11, 'red') },
  )
  assert.deepEqual(await seen, ['add a@3', 'add b@4', 'update a@6', 'delete b@10', 'add c@11'])
  assert.deepEqual(server.watched, ['5', '9'])
  assert.deepEqual(
    informer.byIndex('color', 'blue').map(({ metadata }) => metadata.name),
    ['a'],
  )
  assert.equal(informer.get('default', 'b'), undefined)
  assert.equal(informer.list('default').length, 2)
  assert.equal(informer.list('other').length, 0)
})

test('lists again on 410 and delivers only differences; a remade object is a deletion and a creation', async (t) => {
  const server = scripted([
    { version: '5', items: [thing('a', 1), thing('b', 2), thing('c', 3)] },
    { version: '20', items: [thing('a', 1), thing('c', 15, '', 'other'), thing('d', 16)] },
  ])
  const stop = new AbortController()
  t.after(() => stop.abort())
  const informer = start(server.client, stop.signal)
  const seen = changes(informer, 7)
  server.send(new ApiError('Expired', 'too old resource version'))
  assert.deepEqual(await seen, [
    'add a@1',
    'add b@2',
    'add c@3',
    'delete b@2',
    'delete c@3',
    'add c@15',
    'add d@16',
  ])
})

test('goes on after a broken connection, and a listener that throws hurts nobody else', async (t) => {
  const server = scripted([{ version: '5', items: [] }])
  const stop = new AbortController()
  t.after(() => stop.abort())
  const informer = start(server.client, stop.signal)
  informer.listen(() => {
    throw new Error('broken listener')
  })
  const seen = changes(informer, 1)
  server.send(new ApiError('ServiceUnavailable', 'connection reset'), {
    type: 'ADDED',
    object: thing('a', 6),
  })
  assert.deepEqual(await seen, ['add a@6'])
  assert.deepEqual(server.watched, ['5', '5'])
})
