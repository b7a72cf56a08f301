import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expandStrictly, expandVariables } from './expand.ts'

const lookup = (name: string): string | undefined => ({ A: 'a', EMPTY: '' })[name]

test('references are replaced, dollars escaped, the rest left as it is', () => {
  for (const [text, expected] of [
    ['$(A)', 'a'],
    ['x$(A)$(A)y', 'xaay'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$$$$(A)', '$$(A)'],
    ['$(EMPTY)|', '|'],
    ['$(NONE)', '$(NONE)'],
    ['$(A', '$(A'],
    ['$A {A} $', '$A {A} $'],
    ['$()', '$()'],
  ] as const) {
    assert.equal(expandVariables(text, lookup), expected, text)
  }
})

test('a path must not contain what nobody knows', () => {
  assert.equal(expandStrictly('$(A)/b', lookup), 'a/b')
  assert.throws(() => expandStrictly('$(NONE)/b', lookup), /missing value for "NONE"/)
})
