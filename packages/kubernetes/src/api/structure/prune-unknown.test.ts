import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldNode, SchemaNode, StructNode } from '../schema/schema-node.ts'
import { schemaOf } from '../schema/schemas.ts'
import { pruneUnknown } from './prune-unknown.ts'

const text: SchemaNode = { kind: 'scalar', type: 'string' }

function struct(fields: Record<string, SchemaNode>, more: Partial<StructNode> = {}): StructNode {
  const entries = Object.entries(fields).map(([name, node]): [string, FieldNode] => [
    name,
    { name, node, required: false, nullable: false, omitEmpty: false },
  ])
  return { kind: 'struct', fields: new Map(entries), atomic: false, open: false, ...more }
}

test('what the schema does not know goes, with its path', () => {
  const node = struct({
    spec: struct({
      list: { kind: 'list', element: struct({ a: text }), type: 'atomic', keys: [] },
      map: { kind: 'map', value: struct({ a: text }), atomic: false },
      open: struct({ a: struct({}) }, { open: true }),
      any: { kind: 'any' },
    }),
  })
  const value = {
    spec: {
      list: [{ a: 'x' }, { a: 'x', b: 1 }],
      map: { k: { b: 1 } },
      open: { a: { gone: 1 }, kept: 1 },
      any: { kept: 1 },
      gone: 1,
    },
  }
  assert.deepEqual(pruneUnknown(node, value), [
    'unknown field "spec.list[1].b"',
    'unknown field "spec.map.k.b"',
    'unknown field "spec.open.a.gone"',
    'unknown field "spec.gone"',
  ])
  assert.deepEqual(value, {
    spec: { list: [{ a: 'x' }, { a: 'x' }], map: { k: {} }, open: { a: {}, kept: 1 }, any: { kept: 1 } },
  })
})

test('embedded resources keep what every object has', () => {
  const node = struct({ spec: text }, { embeddedResource: true })
  const value = { apiVersion: 'v1', kind: 'X', metadata: { name: 'n', foo: 1 }, spec: 's', other: 1 }
  assert.deepEqual(pruneUnknown(node, value), ['unknown field "metadata.foo"', 'unknown field "other"'])
  assert.deepEqual(value, { apiVersion: 'v1', kind: 'X', metadata: { name: 'n' }, spec: 's' })
})

test('built-in kinds can be pruned too; values of a wrong type stay', () => {
  const value = { spec: { containers: [{ name: 'c', foo: 1 }], volumes: 'none' } }
  assert.deepEqual(pruneUnknown(schemaOf('io.k8s.api.core.v1.Pod'), value), [
    'unknown field "spec.containers[0].foo"',
  ])
  assert.equal(value.spec.volumes, 'none')
})
