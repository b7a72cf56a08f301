import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
} from './quantity.ts'

/** Pairs that upstream's resource.MustParse(x).String() gives. */
const canonical: [string, string][] = [
  ['1000m', '1'],
  ['100m', '100m'],
  ['0.1', '100m'],
  ['1.5Gi', '1536Mi'],
  ['1024Mi', '1Gi'],
  ['1Ki', '1Ki'],
  ['0.5Ki', '512'],
  ['1000Ki', '1000Ki'],
  ['12e6', '12e6'],
  ['1e3', '1e3'],
  ['100e-3', '100e-3'],
  ['1000', '1k'],
  ['1024', '1024'],
  ['0', '0'],
  ['-1', '-1'],
  ['1.', '1'],
  ['.5', '500m'],
  ['0.0000000001', '1n'],
  ['5u', '5u'],
  ['10P', '10P'],
]

test('quantities are written in their canonical form', () => {
  for (const [text, want] of canonical) {
    const quantity = parseQuantity(text)
    assert.ok(quantity, text)
    assert.equal(formatQuantity(quantity), want, text)
  }
})

test('what is no quantity is refused', () => {
  for (const text of ['', '.', 'm', '1x', '1 Gi', '1KI', '--1', '1e', '1Gib']) {
    assert.equal(parseQuantity(text), undefined, text)
  }
})

test('values are rounded up', () => {
  assert.equal(quantityValue('1500m'), 2)
  assert.equal(quantityValue('1Gi'), 1024 ** 3)
  assert.equal(quantityMilliValue('1.5'), 1500)
  assert.equal(quantityMilliValue('1u'), 1)
  assert.equal(quantityValue(undefined), 0)
})

test('texts that upstream takes for canonical stay', () => {
  for (const text of ['1.500', '+5', '1023Ki', '1e3', '100m']) assert.equal(canonicalQuantity(text), text)
  assert.equal(canonicalQuantity('1024Ki'), '1Mi')
  assert.equal(canonicalQuantity('1000m'), '1')
  assert.equal(canonicalQuantity('0.5'), '500m')
  assert.equal(canonicalQuantity('007'), '007')
  assert.equal(canonicalQuantity('0.500'), '500m')
  assert.equal(canonicalQuantity('one'), undefined)
})

test('sums keep the format of what is not zero', () => {
  const sum = addQuantity(parseQuantity('0')!, parseQuantity('1Gi')!)
  assert.equal(formatQuantity(addQuantity(sum, parseQuantity('512Mi')!)), '1536Mi')
  assert.ok(compareQuantity(parseQuantity('1Gi')!, parseQuantity('1G')!) > 0)
})
