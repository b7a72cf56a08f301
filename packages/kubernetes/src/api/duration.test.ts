import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, humanDuration, parseDuration } from './duration.ts'

test('durations are read and written as Go does', () => {
  const pairs: [string, number, string][] = [
    ['1h2m3.5s', 3_723_500, '1h2m3.5s'],
    ['90s', 90_000, '1m30s'],
    ['-5s', -5000, '-5s'],
    ['0', 0, '0s'],
    ['20ms', 20, '20ms'],
    ['1.5us', 0.0015, '1.5µs'],
    ['.5s', 500, '500ms'],
    ['8760h', 31_536_000_000, '8760h0m0s'],
  ]
  for (const [text, milliseconds, written] of pairs) {
    assert.equal(parseDuration(text), milliseconds, text)
    assert.equal(formatDuration(milliseconds), written)
  }
  for (const text of ['', '1', 's', '1x', '1h 2m', 'h1']) assert.equal(parseDuration(text), undefined, text)
})

test('ages are as kubectl shows them', () => {
  const second = 1000
  const minute = 60 * second
  const hour = 60 * minute
  const day = 24 * hour
  const ages: [number, string][] = [
    [-5 * second, '<invalid>'],
    [-1 * second, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [3 * minute + 10 * second, '3m10s'],
    [10 * minute + 10 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour + 20 * minute, '3h20m'],
    [8 * hour + 20 * minute, '8h'],
    [48 * hour, '2d'],
    [3 * day + 5 * hour, '3d5h'],
    [8 * day + 5 * hour, '8d'],
    [729 * day, '729d'],
    [800 * day, '2y70d'],
    [4000 * day, '10y'],
  ]
  for (const [age, text] of ages) assert.equal(humanDuration(age), text)
})
