import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FieldSetBuilder, fieldSetOf } from './field-set.ts'

test('a field is a member whether it comes before its children or after them', () => {
  const expected = { 'f:a': { '.': {}, 'f:b': {} } }
  assert.deepEqual(fieldSetOf(['f:a'], ['f:a', 'f:b']), expected)
  assert.deepEqual(fieldSetOf(['f:a', 'f:b'], ['f:a'], ['f:a']), expected)
  assert.deepEqual(fieldSetOf(['f:a'], ['f:a']), { 'f:a': {} })
})

test('a set grows in time with its size, not with its square', () => {
  const time = (count: number): number => {
    const builder = new FieldSetBuilder()
    const start = performance.now()
    for (let index = 0; index < count; index++) builder.insert(['f:metadata', 'f:labels', `f:l${index}`])
    return performance.now() - start
  }
  time(2000)
  // The square would be 1600 times as much.
  assert.ok(time(80_000) < 400 * Math.max(time(2000), 0.5))
})
