import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFieldSelector } from './field-selector.ts'
import { formatLabelSelector } from './format-label-selector.ts'
import { parseLabelSelector } from './label-selector.ts'

const selects = (selector: string, labels: Record<string, string>) => parseLabelSelector(selector)(labels)

test('label selectors: every operator, spaces, and values that look like operators', () => {
  const labels = { app: 'web', tier: 'front', in: 'in', n: '5' }
  for (const selector of [
    '',
    'app=web',
    'app==web',
    'app!=db',
    'none!=x',
    'app in (web,db)',
    ' app  in ( db , web ) ',
    'app notin (db)',
    'app',
    '!none',
    'n>4',
    'n<6',
    'in in (in)',
    'app=web,tier=front,!none',
    'empty notin (,x)',
  ]) {
    assert.equal(selects(selector, labels), true, selector)
  }
  for (const selector of [
    'app=db',
    'app!=web',
    'app notin (web)',
    '!app',
    'none',
    'none=x',
    'n>5',
    'app=web,x',
  ]) {
    assert.equal(selects(selector, labels), false, selector)
  }
  assert.equal(selects('a=', { a: '' }), true)
  assert.equal(selects('a=', {}), false)
  assert.equal(selects('a in ()', { a: '' }), true)
})

test('label selectors that are none, in upstream’s words', () => {
  const messages: Record<string, string> = {
    'x in a': "unable to parse requirement: found 'a' expected: '('",
    'x,': "found '', expected: identifier after ','",
    '=a': "found '=', expected: !, identifier, or 'end of string'",
    'a b': "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    'a=b c': "found 'c', expected: ',' or 'end of string'",
  }
  for (const [selector, message] of Object.entries(messages)) {
    assert.throws(() => parseLabelSelector(selector), { message }, selector)
  }
  assert.throws(
    () => parseLabelSelector('a=-b'),
    /values\[0\]\[a\]: Invalid value: "-b": a valid label must be/,
  )
  assert.throws(() => parseLabelSelector('-a=b'), /Invalid value: "-a": name part must consist of/)
  assert.throws(() => parseLabelSelector('a>b'), /the value must be an integer/)
})

test('field selectors: terms, order, escapes', () => {
  assert.deepEqual(parseFieldSelector('status.phase!=Running,a=b,c==d,'), [
    { field: 'a', equal: true, value: 'b' },
    { field: 'c', equal: true, value: 'd' },
    { field: 'status.phase', equal: false, value: 'Running' },
  ])
  assert.deepEqual(parseFieldSelector('a=b\\,c\\=d\\\\'), [{ field: 'a', equal: true, value: 'b,c=d\\' }])
  assert.throws(() => parseFieldSelector('a'), { message: "invalid selector: 'a'; can't understand 'a'" })
  assert.throws(() => parseFieldSelector('a=b=c'), /unescaped character in value: 61/)
  assert.throws(() => parseFieldSelector('a=b\\x'), /invalid escape sequence: \\x/)
})

test('label selectors are printed sorted by key', () => {
  const matchExpressions = [
    { key: 'b', operator: 'In', values: ['y', 'x'] },
    { key: 'd', operator: 'DoesNotExist' },
    { key: 'c', operator: 'Exists' },
    { key: 'a', operator: 'NotIn', values: ['z'] },
  ]
  assert.equal(
    formatLabelSelector({ matchLabels: { e: 'f' }, matchExpressions }),
    'a notin (z),b in (x,y),c,!d,e=f',
  )
  assert.equal(formatLabelSelector(undefined), '')
})
