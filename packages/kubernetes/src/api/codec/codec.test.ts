import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError } from '../structure/decode-error.ts'
import { decodeJson, duplicateFields, inDocumentOrder } from './json.ts'
import { decodeYaml, decodeYamlDocuments, encodeYaml } from './yaml.ts'

test('duplicate keys are found with their path', () => {
  const text = '{"a":1,"b":{"c":[{"d":1},{"d":"a\\"b","d":2}],"c":0},"a":{},"a":2}'
  assert.deepEqual(duplicateFields(text), [
    'duplicate field "b.c[1].d"',
    'duplicate field "b.c"',
    'duplicate field "a"',
  ])
  const mixed = '{"a":{"new":1,"b":2,"b":3},"c":[{"odd":1}]}'
  const unknown = ['unknown field "c[0].odd"', 'unknown field "a.new"']
  assert.deepEqual(inDocumentOrder(mixed, [...duplicateFields(mixed), ...unknown, 'else']), [
    'unknown field "a.new"',
    'duplicate field "a.b"',
    'unknown field "c[0].odd"',
    'else',
  ])
  assert.deepEqual(duplicateFields('{"a":{"x":1},"b":{"x":1},"c":["a","a"]}'), [])
})

test('broken JSON is reported in the words of Go', () => {
  assert.throws(
    () => decodeJson('{"a": x}'),
    new DecodeError("invalid character 'x' looking for beginning of value"),
  )
  assert.throws(() => decodeJson('{"a": '), new DecodeError('unexpected end of JSON input'))
})

test('YAML scalars are read as Kubernetes reads them', () => {
  const text = `
mode: 0777
hex: 0x1F
port: 8080
yes: on
no: "no"
time: 2001-01-01
mapping: 22:22
version: 1.10
nothing: ~
text: 1_000x
quantity: 100m
`
  assert.deepEqual(decodeYaml(text), {
    mode: 511,
    hex: 31,
    port: 8080,
    true: true,
    false: 'no',
    time: '2001-01-01',
    mapping: '22:22',
    version: 1.1,
    nothing: null,
    text: '1_000x',
    quantity: '100m',
  })
})

test('YAML anchors, merges, duplicates and errors', () => {
  assert.deepEqual(decodeYaml('a: &x {b: 1}\nc:\n  <<: *x\n  d: 2'), { a: { b: 1 }, c: { b: 1, d: 2 } })
  const duplicates: string[] = []
  assert.deepEqual(decodeYaml('a: 1\nb: 2\na: 3\n', duplicates), { a: 3, b: 2 })
  assert.deepEqual(duplicates, ['line 3: key "a" already set in map'])
  assert.throws(() => decodeYaml('a: [1\nb: 2'), DecodeError)
  assert.deepEqual(decodeYamlDocuments('---\na: 1\n---\n---\nb: 2\n'), [{ a: 1 }, { b: 2 }])
})

test('YAML that we write survives YAML 1.1', () => {
  const value = { z: ['yes', 'on', '0777', '1e3', 'null', 'plain'], a: { n: 5, list: [{ b: 1, a: 2 }] } }
  const text = encodeYaml(value)
  assert.deepEqual(decodeYaml(text), value)
  assert.match(text, /^a:\n {2}list:\n {2}- a: 2\n {4}b: 1\n/)
})
