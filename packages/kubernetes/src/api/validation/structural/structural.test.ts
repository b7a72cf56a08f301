import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusCause } from '../../api-error.ts'
import { pruneUnknown } from '../../structure/prune-unknown.ts'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'
import { Field } from '../field.ts'
import { withDefaults } from './default-value.ts'
import { goFloat } from './go-float.ts'
import { goRegExp } from './go-regexp.ts'
import { validateListUniqueness } from './list-uniqueness.ts'
import { structuralProblems } from './structural-problems.ts'
import { toStructNode } from './to-struct-node.ts'
import { validateValue } from './validate-value.ts'

const cronTab: JSONSchemaProps = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['cronSpec'],
      properties: {
        cronSpec: {
          type: 'string',
          pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$',
          default: '5 0 * * *',
        },
        replicas: { type: 'integer', minimum: 1, maximum: 10, default: 1 },
        size: { type: 'string', enum: ['small', 'large'] },
        port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
        note: { type: 'string', nullable: true, maxLength: 5 },
        ratio: { type: 'number', multipleOf: 0.5, exclusiveMinimum: true, minimum: 0 },
        address: { type: 'string', format: 'ipv4' },
        labels: { type: 'object', additionalProperties: { type: 'string', minLength: 2 } },
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set', maxItems: 3 },
        rules: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, weight: { type: 'integer', maximum: 3, default: 1 } },
          },
        },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        one: {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'string' } },
          oneOf: [{ required: ['a'] }, { required: ['b'] }],
        },
      },
    },
  },
}

const good = { spec: { cronSpec: '* * * * *' } }

function problems(value: unknown, old?: unknown, schema = cronTab): string[] {
  const causes: StatusCause[] = []
  const field = new Field(causes)
  validateValue(schema, value, old, field)
  validateListUniqueness(schema, value, field)
  return causes.map((cause) => `${cause.field}: ${cause.message}`)
}

const spec = (more: object, old?: object) =>
  problems({ spec: { ...good.spec, ...more } }, old && { spec: { ...good.spec, ...old } })

test('values are told what they have against their schema, in upstream’s words', () => {
  assert.deepEqual(problems(good), [])
  assert.deepEqual(problems({}), ['spec: Required value'])
  assert.deepEqual(problems({ spec: {} }), ['spec.cronSpec: Required value'])
  assert.deepEqual(spec({ cronSpec: 'x' }), [
    'spec.cronSpec: Invalid value: "x": spec.cronSpec in body should match \'^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$\'',
  ])
  assert.deepEqual(spec({ replicas: 11 }), [
    'spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10',
  ])
  assert.deepEqual(spec({ replicas: 'many' }), [
    'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
  ])
  assert.deepEqual(spec({ replicas: null }), [
    'spec.replicas: Invalid value: "null": spec.replicas in body must be of type integer: "null"',
  ])
  assert.deepEqual(spec({ size: 'medium' }), [
    'spec.size: Unsupported value: "medium": supported values: "small", "large"',
  ])
  assert.deepEqual(spec({ note: null }), [])
  assert.deepEqual(spec({ note: 'much too long' }), ['spec.note: Too long: may not be more than 5 bytes'])
  assert.deepEqual(spec({ port: 'http' }), [])
  assert.deepEqual(spec({ port: 80 }), [])
  assert.equal(spec({ port: true }).length > 0, true)
  assert.deepEqual(spec({ ratio: 0.7 }), [
    'spec.ratio: Invalid value: 0.7: spec.ratio in body should be a multiple of 0.5',
  ])
  assert.deepEqual(spec({ ratio: 0 }), [
    'spec.ratio: Invalid value: 0: spec.ratio in body should be greater than 0',
  ])
  assert.deepEqual(spec({ address: '300.1.1.1' }), [
    'spec.address: Invalid value: "300.1.1.1": spec.address in body must be of type ipv4: "300.1.1.1"',
  ])
  assert.deepEqual(spec({ labels: { a: 'x' } }), [
    'spec.labels.a: Invalid value: "x": spec.labels.a in body should be at least 2 chars long',
  ])
  assert.deepEqual(spec({ tags: ['a', 'b', 'c', 'd'] }), [
    'spec.tags: Too many: 4: must have at most 3 items',
  ])
  assert.deepEqual(spec({ tags: ['a', 'a'] }), ['spec.tags[1]: Duplicate value: "a"'])
  assert.deepEqual(spec({ rules: [{ name: 'x' }, { name: 'x' }] }), [
    'spec.rules[1]: Duplicate value: {"name":"x"}',
  ])
  assert.deepEqual(spec({ rules: [{ weight: 9 }] }), [
    'spec.rules[0].weight: Invalid value: 9: spec.rules[0].weight in body should be less than or equal to 3',
    'spec.rules[0].name: Required value',
  ])
  assert.deepEqual(spec({ one: { a: '', b: '' } }), [
    '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ])
})

test('what was wrong already may stay', () => {
  assert.deepEqual(spec({ replicas: 11, note: 'x' }, { replicas: 11 }), [])
  assert.equal(spec({ replicas: 12 }, { replicas: 11 }).length, 1)
  const bad = { name: 'x', weight: 9 }
  assert.deepEqual(spec({ rules: [{ name: 'new' }, bad] }, { rules: [bad] }), [])
})

test('defaults are filled in deeply, and unchanged parts are shared', () => {
  const value = { spec: { labels: { a: 'xx' }, rules: [{ name: 'x' }] } }
  const filled = withDefaults(cronTab, value)
  assert.deepEqual(filled, {
    spec: { labels: { a: 'xx' }, rules: [{ name: 'x', weight: 1 }], cronSpec: '5 0 * * *', replicas: 1 },
  })
  assert.equal((filled.spec as typeof value.spec).labels, value.spec.labels)
  assert.deepEqual(value, { spec: { labels: { a: 'xx' }, rules: [{ name: 'x' }] } })
  assert.equal(withDefaults(cronTab, filled), filled)
  assert.equal(
    (withDefaults(cronTab, { spec: { replicas: null } }).spec as { replicas: unknown }).replicas,
    1,
  )
})

test('unknown fields go, but for where they may stay', () => {
  const value = {
    apiVersion: 'x/v1',
    kind: 'K',
    metadata: { name: 'n', nonsense: 1 },
    spec: { cronSpec: '', surplus: 1, free: { anything: 1 }, rules: [{ name: 'x', more: 1 }] },
    extra: 1,
  }
  assert.deepEqual(pruneUnknown(toStructNode(cronTab), value).sort(), [
    'unknown field "extra"',
    'unknown field "metadata.nonsense"',
    'unknown field "spec.rules[0].more"',
    'unknown field "spec.surplus"',
  ])
  assert.deepEqual(value.spec, { cronSpec: '', free: { anything: 1 }, rules: [{ name: 'x' }] })
})

test('schemas that are not structural', () => {
  const found = (schema: JSONSchemaProps): string[] => {
    const causes: StatusCause[] = []
    structuralProblems(schema, new Field(causes, 's'))
    return causes.map((cause) => `${cause.field}: ${cause.message}`)
  }
  assert.deepEqual(found(cronTab), [])
  assert.deepEqual(found({}), ['s.type: Required value: must not be empty at the root'])
  assert.deepEqual(found({ type: 'object', properties: { a: {} } }), [
    's.properties[a].type: Required value: must not be empty for specified object fields',
  ])
  assert.deepEqual(found({ type: 'object', properties: { a: { type: 'array' } } }), [
    's.properties[a].items: Required value: must be specified',
  ])
  assert.deepEqual(found({ type: 'object', anyOf: [{ properties: { b: { type: 'string' } } }] }), [
    's.anyOf[0].properties[b].type: Forbidden: must be empty to be structural',
    's.properties[b]: Required value: because it is defined in s.anyOf[0].properties[b]',
  ])
  assert.deepEqual(
    found({
      type: 'object',
      properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
    }),
    [
      's.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    ],
  )
})

test('Go’s patterns and numbers', () => {
  assert.equal(goRegExp('(?i)^abc$')?.test('ABC'), true)
  assert.equal(goRegExp('^(?P<x>a)\\z')?.test('a'), true)
  assert.equal(goRegExp('(unclosed'), undefined)
  assert.deepEqual([10, 0.5, 1e6, 123456789, 1e-7, 0].map(goFloat), [
    '10',
    '0.5',
    '1e+06',
    '1.23456789e+08',
    '1e-07',
    '0',
  ])
})
