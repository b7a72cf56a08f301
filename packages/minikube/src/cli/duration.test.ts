import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, parseDuration } from '@minikube-ts/kubernetes/api/duration.ts'
import { parseSize } from './size.ts'

test('durations as Go reads them', () => {
  assert.equal(parseDuration('6m0s'), 360_000)
  assert.equal(parseDuration('26280h'), 26_280 * 3600_000)
  assert.equal(parseDuration('1.5s'), 1500)
  assert.equal(parseDuration('-2ms'), -2)
  assert.equal(parseDuration('0'), 0)
  for (const wrong of ['', '6', 'm', '6 m', '1d', 's6', '1h-2m'])
    assert.equal(parseDuration(wrong), undefined, wrong)
})

test('durations as Go writes them', () => {
  assert.deepEqual([360_000, 94_608_000_000, 1500, 0, 20].map(formatDuration), [
    '6m0s',
    '26280h0m0s',
    '1.5s',
    '0s',
    '20ms',
  ])
})

test('sizes in MiB', () => {
  assert.deepEqual(['4096', '4096mb', '4g', '4GiB', '512k', 'x', '-1', '4gg'].map(parseSize), [
    4096,
    4096,
    4096,
    4096,
    1,
    undefined,
    undefined,
    undefined,
  ])
})
