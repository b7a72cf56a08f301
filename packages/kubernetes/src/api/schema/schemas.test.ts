import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinResources, schemaNameOf } from '../resources.ts'
import type { SchemaNode, StructNode } from './schema-node.ts'
import { hasSchema, schemaOf } from './schemas.ts'

function field(struct: string, name: string) {
  const found = schemaOf(struct).fields.get(name)
  assert.ok(found, `${struct}.${name}`)
  return found
}

test('every reference of every served kind leads somewhere', () => {
  const seen = new Set<StructNode>()
  const walk = (node: SchemaNode): void => {
    if (node.kind === 'list') walk(node.element)
    else if (node.kind === 'map') walk(node.value)
    else if (node.kind === 'struct' && !seen.has(node)) {
      seen.add(node)
      for (const each of node.fields.values()) walk(each.node)
    }
  }
  for (const { schema, ...gvk } of builtinResources) {
    walk(schemaOf(schema!))
    assert.equal(schemaNameOf(gvk), schema)
  }
  assert.ok(seen.size > 450, `${seen.size} structs`)
})

test('lists, maps and merge keys are as in the Go types', () => {
  const pod = 'io.k8s.api.core.v1.PodSpec'
  const containers = field(pod, 'containers')
  assert.ok(containers.node.kind === 'list')
  assert.deepEqual([containers.node.type, containers.node.keys], ['map', ['name']])
  assert.deepEqual([containers.patchStrategy, containers.patchMergeKey], [['merge'], 'name'])
  assert.deepEqual(field(pod, 'volumes').patchStrategy, ['merge', 'retainKeys'])
  const { node: selector } = field(pod, 'nodeSelector')
  assert.ok(selector.kind === 'map' && selector.atomic)
  const ports = field('io.k8s.api.core.v1.Container', 'ports')
  assert.deepEqual([ports.patchMergeKey, ports.number], ['containerPort', 6])
  assert.equal(field('io.k8s.api.core.v1.ContainerPort', 'protocol').default, 'TCP')
  const { node: finalizers } = field('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', 'finalizers')
  assert.ok(finalizers.kind === 'list' && finalizers.type === 'set')
})

test('a field can say otherwise than its struct', () => {
  assert.equal(schemaOf('io.k8s.api.core.v1.ObjectReference').atomic, true)
  const { node } = field('io.k8s.api.core.v1.PersistentVolumeSpec', 'claimRef')
  assert.ok(node.kind === 'struct' && !node.atomic && node.fields.has('uid'))
})

test('what JSON inlines knows its way on the wire', () => {
  const { via, number } = field('io.k8s.api.core.v1.Volume', 'emptyDir')
  assert.deepEqual([via, number], [[2], 2])
  assert.equal(field('io.k8s.api.core.v1.Pod', 'kind').number, undefined)
})

test('named strings know their name and values', () => {
  const { node } = field('io.k8s.api.core.v1.PodSpec', 'restartPolicy')
  assert.ok(node.kind === 'scalar')
  assert.deepEqual([node.goType, node.enum], ['v1.RestartPolicy', ['Always', 'OnFailure', 'Never']])
})

test('names that are no kinds', () => {
  assert.equal(hasSchema('io.k8s.api.core.v1.Nothing'), false)
  assert.throws(() => schemaOf('io.k8s.api.core.v1.RestartPolicy'))
  assert.equal(schemaNameOf({ group: 'x.io', version: 'v1', kind: 'Pod' }), undefined)
  assert.equal(
    schemaNameOf({ group: 'apps', version: 'v1', kind: 'DeleteOptions' }),
    'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  )
})

test('facts of discovery', () => {
  const find = (name: string) => builtinResources.find(({ resource }) => resource === name)!
  assert.deepEqual(
    [find('pods').shortNames, find('pods').categories, find('pods').namespaced],
    [['po'], ['all'], true],
  )
  assert.deepEqual(
    find('pods').subresources.map(({ name }) => name),
    [
      'attach',
      'binding',
      'ephemeralcontainers',
      'eviction',
      'exec',
      'log',
      'portforward',
      'proxy',
      'resize',
      'status',
    ],
  )
  const scale = find('deployments').subresources.find(({ name }) => name === 'scale')
  assert.deepEqual(scale?.kind, { group: 'autoscaling', version: 'v1', kind: 'Scale' })
  assert.equal(find('nodes').namespaced, false)
  assert.deepEqual(find('customresourcedefinitions').shortNames, ['crd', 'crds'])
})
