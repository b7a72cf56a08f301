import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnswerCache } from './answer-cache.ts'
import { requestAttributes } from './request-attributes.ts'

test('each part of the API has its subresource of nodes', () => {
  const asked = (method: string, root: string): (string | undefined)[] =>
    requestAttributes(method, root, 'n1').map(({ verb, resource, subresource, name }) =>
      [verb, resource, subresource, name].join(' '),
    )
  assert.deepEqual(asked('GET', 'stats'), ['get nodes stats n1'])
  assert.deepEqual(asked('GET', 'metrics'), ['get nodes metrics n1'])
  assert.deepEqual(asked('GET', 'logs'), ['get nodes log n1'])
  assert.deepEqual(asked('POST', 'exec'), ['create nodes proxy n1'])
  assert.deepEqual(asked('GET', 'containerLogs'), ['get nodes proxy n1'])
  assert.deepEqual(asked('GET', 'pods'), ['get nodes pods n1', 'get nodes proxy n1'])
  assert.deepEqual(asked('GET', 'runningpods'), ['get nodes pods n1', 'get nodes proxy n1'])
  assert.deepEqual(asked('GET', 'healthz'), ['get nodes healthz n1', 'get nodes proxy n1'])
  assert.deepEqual(asked('GET', 'constructor'), ['get nodes proxy n1'])
})

test('answers hold for their time, are shared while they are awaited, and failures are not kept', async () => {
  const cache = new AnswerCache<number>()
  let asked = 0
  const ask = (forMs: number) => async () => ({ value: ++asked, forMs })
  assert.deepEqual(await Promise.all([cache.get('a', ask(60_000)), cache.get('a', ask(60_000))]), [1, 1])
  assert.equal(await cache.get('a', ask(60_000)), 1)
  assert.equal(await cache.get('b', ask(0)), 2)
  assert.equal(await cache.get('b', ask(0)), 3)
  await assert.rejects(
    cache.get('c', () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await cache.get('c', ask(60_000)), 4)
})
