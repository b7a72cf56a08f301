import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'
import { Field } from '../field.ts'
import { ruleProblems } from './rule-problems.ts'
import { validateRules } from './validate-rules.ts'

const text = (field: Field): string[] => field.causes.map(({ field, message }) => `${field}: ${message}`)

function problems(schema: JSONSchemaProps): string[] {
  const field = new Field([], 'schema')
  ruleProblems(schema, field)
  return text(field)
}

function check(schema: JSONSchemaProps, value: unknown, old?: unknown): string[] {
  const field = new Field([])
  validateRules(schema, value, old, field)
  return text(field)
}

const rules = (...list: (string | Record<string, unknown>)[]): JSONSchemaProps =>
  ({
    'x-kubernetes-validations': list.map((rule) => (typeof rule === 'string' ? { rule } : rule)),
  }) as unknown as JSONSchemaProps
const spec = (properties: Record<string, JSONSchemaProps>, more: JSONSchemaProps = {}): JSONSchemaProps => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
})
const int: JSONSchemaProps = { type: 'integer' }

test('rules that hold and rules that fail', () => {
  const schema = spec(
    { x: int, y: int, name: { type: 'string', ...rules("self.startsWith('a')") } },
    rules('self.x + self.y > 0', {
      rule: 'self.x < 10',
      messageExpression: "'x is %d'.format([self.x])",
      fieldPath: '.x',
      reason: 'FieldValueForbidden',
    }),
  )
  assert.deepEqual(problems(schema), [])
  assert.deepEqual(check(schema, { spec: { x: 1, y: 1, name: 'ab' } }), [])
  assert.deepEqual(check(schema, { spec: { x: -1, y: 1, name: 'b' } }), [
    'spec: Invalid value: failed rule: self.x + self.y > 0',
    'spec.name: Invalid value: "b": failed rule: self.startsWith(\'a\')',
  ])
  assert.deepEqual(check(schema, { spec: { x: 10, y: 1 } }), ['spec.x: Forbidden: x is 10'])
  assert.deepEqual(check(schema, { spec: { x: 1 } }), [
    'spec: Invalid value: "object": no such key: y evaluating rule: self.x + self.y > 0',
  ])
})

test('rules of the root know metadata, and int-or-string is whatever it is', () => {
  const schema: JSONSchemaProps = {
    type: 'object',
    properties: { port: { 'x-kubernetes-int-or-string': true } },
    ...rules("self.metadata.name.startsWith('web') && (type(self.port) != int || self.port > 1024)"),
  }
  assert.deepEqual(problems(schema), [])
  assert.deepEqual(check(schema, { metadata: { name: 'web-1' }, port: '80%' }), [])
  assert.equal(check(schema, { metadata: { name: 'web-1' }, port: 80 }).length, 1)
})

test('rules about changes, in fields and in lists that know which element is which', () => {
  const schema = spec({
    num: { ...int, ...rules('self > oldSelf') },
    list: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: {
        type: 'object',
        properties: { k: { type: 'string' }, v: { ...int, ...rules('self == oldSelf') } },
      },
    },
    once: {
      ...int,
      ...rules({ rule: '!oldSelf.hasValue() || oldSelf.value() == self', optionalOldSelf: true }),
    },
  } as unknown as Record<string, JSONSchemaProps>)
  assert.deepEqual(problems(schema), [])
  assert.deepEqual(check(schema, { spec: { num: 1 } }), [])
  assert.deepEqual(check(schema, { spec: { num: 1, once: 2 } }, { spec: { num: 2, once: 1 } }), [
    'spec.num: Invalid value: 1: failed rule: self > oldSelf',
    'spec.once: Invalid value: 2: failed rule: !oldSelf.hasValue() || oldSelf.value() == self',
  ])
  const element = (k: string, v: number): unknown => ({ k, v })
  assert.deepEqual(
    check(
      schema,
      { spec: { list: [element('b', 2), element('a', 5)] } },
      { spec: { list: [element('a', 1), element('b', 2)] } },
    ),
    ['spec.list[1].v: Invalid value: 5: failed rule: self == oldSelf'],
  )
})

test('what broke a rule before and did not change may go on', () => {
  const schema = spec({ a: { ...int, ...rules('self > 10') }, b: int })
  assert.deepEqual(check(schema, { spec: { a: 1, b: 2 } }, { spec: { a: 1, b: 1 } }), [])
  assert.equal(check(schema, { spec: { a: 2, b: 2 } }, { spec: { a: 1, b: 1 } }).length, 1)
})

test('definitions with rules that mean nothing', () => {
  const [unknown] = problems(spec({ x: int }, rules('self.nope == 0')))
  assert.match(
    unknown ?? '',
    /^schema\.properties\[spec\]\.x-kubernetes-validations\[0\]\.rule: Invalid value: \{"Rule":"self.nope == 0",.*\}: compilation failed: ERROR: <input>:1:5: undefined field 'nope'/,
  )
  assert.match(problems(spec({ x: int }, rules('self = 42')))[0] ?? '', /Syntax error/)
  assert.match(problems(spec({ x: int }, rules('self.x')))[0] ?? '', /cel expression must evaluate to a bool/)
  assert.match(
    problems(
      spec({ list: { type: 'array', items: { ...int, ...rules('self == oldSelf') } } as JSONSchemaProps }),
    )[0] ?? '',
    /oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties\[spec\].properties\[list\]$/,
  )
})

test('definitions with rules that cost too much', () => {
  const strings = {
    type: 'array',
    items: { type: 'string' },
    ...rules("self.all(s, s == 'string constant')"),
  }
  const nested = spec({ x: { type: 'array', items: strings } as unknown as JSONSchemaProps })
  assert.match(
    problems(nested)[0] ?? '',
    /Forbidden: estimated rule cost exceeds budget by factor of more than 100x/,
  )
  const numbers = (maxItems?: number): JSONSchemaProps =>
    ({ type: 'array', items: int, ...(maxItems && { maxItems }) }) as unknown as JSONSchemaProps
  const pairs = rules('self.large.all(x, self.large.all(y, y == x))')
  assert.deepEqual(problems(spec({ large: numbers(725) }, pairs)), [])
  assert.equal(problems(spec({ large: numbers() }, pairs)).length, 2)
})

test('rules end that take too long', () => {
  const schema = spec(
    { large: { type: 'array', items: int } as unknown as JSONSchemaProps },
    rules('self.large.all(x, self.large.all(y, y == x))', 'true'),
  )
  const large = new Array(725).fill(20)
  assert.deepEqual(check(schema, { spec: { large } }), [
    'spec: Invalid value: "object": \'operation cancelled: actual cost limit exceeded\': no further validation rules will be run due to call cost exceeds limit for rule: self.large.all(x, self.large.all(y, y == x))',
  ])
})
