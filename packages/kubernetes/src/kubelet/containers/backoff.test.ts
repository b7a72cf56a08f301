import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff } from './backoff.ts'

test('waits double up to the longest and are forgotten after twice that', () => {
  let now = 0
  const backoff = new Backoff(10, 40, () => now)
  assert.equal(backoff.until('k', 0), undefined)
  const waits = [0, 1, 2, 3].map(() => {
    backoff.next('k', now)
    return backoff.wait('k')
  })
  assert.deepEqual(waits, [10, 20, 40, 40])
  assert.equal(backoff.until('k', now), 40)
  now = 39
  assert.equal(backoff.until('k', 0), 40)
  now = 40
  assert.equal(backoff.until('k', 0), undefined)
  now = 100
  assert.equal(backoff.until('k', 100), undefined)
  backoff.next('k', 100)
  assert.equal(backoff.wait('k'), 10)
})
