import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WireReader } from '../../api/codec/protobuf/wire-reader.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import { builtinResources } from '../../api/resources.ts'
import type { JsonSchema } from './json-schema.ts'
import { OpenApi } from './open-api.ts'

const crontabs: ResourceInfo = {
  group: 'stable.example.com',
  version: 'v1',
  kind: 'CronTab',
  listKind: 'CronTabList',
  resource: 'crontabs',
  singular: 'crontab',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  storageVersion: 'v1',
}
const crontabSchema = {
  type: 'object',
  description: 'A table of times.',
  properties: {
    spec: {
      type: 'object',
      properties: {
        at: { type: 'string', nullable: true },
        any: { 'x-kubernetes-preserve-unknown-fields': true, type: 'object' },
      },
    },
  },
}

function openApi(
  resources: readonly ResourceInfo[] = [...builtinResources, crontabs],
  schema: unknown = crontabSchema,
) {
  return new OpenApi({ resources: () => resources, customSchema: () => schema }, 'v1.36.0')
}

interface Document {
  paths: Record<string, Record<string, { parameters?: { name: string }[] } & JsonSchema>>
  components: { schemas: Record<string, JsonSchema> }
  definitions: Record<string, JsonSchema>
}

function v3(path: string, from = openApi()): Document {
  const document = from.v3(path)
  assert.ok(document, path)
  return JSON.parse(Buffer.from(document.bytes).toString())
}

/** Follows every reference: clients do, and fail on one that leads nowhere. */
function danglingReferences(document: unknown, known: Record<string, unknown>, prefix: string): string[] {
  const missing: string[] = []
  JSON.stringify(document, (key, value) => {
    if (key === '$ref' && typeof value === 'string' && !(value.slice(prefix.length) in known))
      missing.push(value)
    return value
  })
  return missing
}

test('every group version has a document without loose ends', () => {
  const api = openApi()
  const { paths } = api.index()
  assert.equal(Object.keys(paths).length, 23)
  for (const [path, { serverRelativeURL }] of Object.entries(paths)) {
    const document = v3(path, api)
    assert.equal(serverRelativeURL, `/openapi/v3/${path}?hash=${api.v3(path)!.etag}`)
    assert.deepEqual(
      danglingReferences(document, document.components.schemas, '#/components/schemas/'),
      [],
      path,
    )
  }
  assert.equal(api.v3('apis/nothing/v1'), undefined)
})

test('what kubectl looks for', () => {
  const core = v3('api/v1')
  const { schemas } = core.components
  const pods = core.paths['/api/v1/namespaces/{namespace}/pods/{name}']!
  const names = pods.patch!.parameters!.map(({ name }) => name)
  assert.ok(names.includes('fieldValidation') && names.includes('dryRun') && names.includes('force'))
  assert.deepEqual(pods.get!['x-kubernetes-group-version-kind'], { group: '', version: 'v1', kind: 'Pod' })
  assert.ok(
    (pods.patch!.requestBody as { content: object }).content[
      'application/strategic-merge-patch+json' as never
    ],
  )
  assert.deepEqual(schemas['io.k8s.api.core.v1.Pod']!['x-kubernetes-group-version-kind'], [
    { group: '', kind: 'Pod', version: 'v1' },
  ])
  const podSpec = schemas['io.k8s.api.core.v1.PodSpec']!.properties as Record<string, JsonSchema>
  const { description, ...containers } = podSpec.containers!
  assert.ok(description)
  assert.deepEqual(containers, {
    type: 'array',
    items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  })
  assert.deepEqual(podSpec.restartPolicy!.enum, ['Always', 'Never', 'OnFailure'])
  const servicePort = schemas['io.k8s.api.core.v1.ServicePort']!
  assert.deepEqual(servicePort.required, ['port'])
  assert.equal((servicePort.properties as Record<string, JsonSchema>).protocol!.default, 'TCP')
})

test('custom resources keep the schema of their definition', () => {
  const { components, paths } = v3('apis/stable.example.com/v1')
  const schema = components.schemas['com.example.stable.v1.CronTab']!
  const properties = schema.properties as Record<string, JsonSchema>
  assert.equal(schema.description, 'A table of times.')
  assert.deepEqual(properties.spec, crontabSchema.properties.spec)
  assert.deepEqual(properties.metadata!.allOf, [
    { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
  ])
  assert.ok(paths['/apis/stable.example.com/v1/namespaces/{namespace}/crontabs/{name}/status'])
})

test('hashes follow what is served', () => {
  const etag = (schema: unknown) => openApi([crontabs], schema).v3('apis/stable.example.com/v1')!.etag
  assert.equal(etag(crontabSchema), etag(structuredClone(crontabSchema)))
  assert.notEqual(etag(crontabSchema), etag({ type: 'object' }))
  const resources = [...builtinResources]
  const api = openApi(resources)
  const before = api.v2Etag()
  resources.push(crontabs)
  assert.equal(api.v2Etag(), before)
  api.forget()
  assert.notEqual(api.v2Etag(), before)
  assert.ok(api.index().paths['apis/stable.example.com/v1'])
})

test('version 2 is one document; what it cannot say is left out', () => {
  const { bytes } = openApi().v2('json')
  const document: Document = JSON.parse(Buffer.from(bytes).toString())
  assert.deepEqual(danglingReferences(document, document.definitions, '#/definitions/'), [])
  const custom = document.definitions['com.example.stable.v1.CronTab']!.properties as Record<
    string,
    JsonSchema
  >
  assert.deepEqual(custom.spec, {
    type: 'object',
    properties: { at: {}, any: { 'x-kubernetes-preserve-unknown-fields': true } },
  })
})

test('version 2 in protobuf holds the same definitions', () => {
  const api = openApi()
  const json: Document = JSON.parse(Buffer.from(api.v2('json').bytes).toString())
  const document = new WireReader(api.v2('protobuf').bytes)
  const definitions: string[] = []
  let paths = 0
  while (!document.done) {
    const tag = document.varint()
    if (tag === 9 * 8 + 2) {
      for (const message = document.message(); !message.done; ) {
        assert.equal(message.varint(), 8 + 2)
        const named = message.message()
        assert.equal(named.varint(), 8 + 2)
        definitions.push(named.text())
      }
    } else if (tag === 8 * 8 + 2) {
      for (const message = document.message(); !message.done; paths++) {
        assert.equal(message.varint(), 2 * 8 + 2)
        message.message()
      }
    } else document.skip(tag & 7)
  }
  assert.deepEqual(definitions, Object.keys(json.definitions))
  assert.equal(paths, Object.keys(json.paths).length)
})
