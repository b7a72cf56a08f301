import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts'
import { createTestApi, type TestApi } from '../testing/test-api.ts'
import { startTestWebhook } from '../webhooks/testing/test-webhook.ts'

const crds = 'apiextensions.k8s.io/v1/customresourcedefinitions'
let api: TestApi

beforeEach(async () => {
  api = await createTestApi()
})

const version = (name: string, more: object = {}) => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: {
            cronSpec: { type: 'string' },
            replicas: { type: 'integer', minimum: 1, default: 1 },
            color: { type: 'string' },
          },
        },
        status: {
          type: 'object',
          properties: { replicas: { type: 'integer' }, selector: { type: 'string' } },
        },
      },
    },
  },
  ...more,
})

function definition(names: object = {}, versions: object[] = [version('v1')], more: object = {}): KubeObject {
  const wanted = {
    plural: 'crontabs',
    singular: 'crontab',
    kind: 'CronTab',
    listKind: 'CronTabList',
    ...names,
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${wanted.plural}.stable.example.com` },
    spec: { group: 'stable.example.com', scope: 'Namespaced', names: wanted, versions, ...more },
  }
}

async function define(...args: Parameters<typeof definition>): Promise<CustomResourceDefinition> {
  const { metadata } = await api.create(crds, definition(...args))
  await api.customResources.idle()
  return get(metadata.name!)
}

const get = async (name: string) =>
  (await api.api.get(api.target(crds, '', name))) as unknown as CustomResourceDefinition

const conditions = ({ status }: CustomResourceDefinition) =>
  Object.fromEntries(
    (status?.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  )

const cron = (name: string, spec: object = {}, more: object = {}, apiVersion = 'v1'): KubeObject => ({
  apiVersion: `stable.example.com/${apiVersion}`,
  kind: 'CronTab',
  ...more,
  metadata: { namespace: 'default', name },
  spec,
})
const path = (served = 'v1') => `stable.example.com/${served}/crontabs`
const create = (object: KubeObject) => api.create(path(object.apiVersion?.split('/')[1]), object)

test('a definition is accepted, established and served', async () => {
  const made = await define({ shortNames: ['ct'], categories: ['all'] })
  assert.deepEqual(conditions(made), {
    NamesAccepted: 'True NoConflicts',
    Established: 'True InitialNamesAccepted',
  })
  assert.deepEqual(made.status?.acceptedNames, made.spec.names)
  assert.deepEqual(made.status?.storedVersions, ['v1'])
  const { info } = api.catalog.find({ group: 'stable.example.com', version: 'v1', resource: 'crontabs' })!
  assert.deepEqual([info.shortNames, info.categories, info.namespaced], [['ct'], ['all'], true])
})

test('objects are pruned, defaulted, validated and stored', async () => {
  await define()
  const object = await create(cron('a', { cronSpec: '* * * * *' }))
  assert.deepEqual(object.spec, { cronSpec: '* * * * *', replicas: 1 })
  assert.equal(object.metadata.generation, 1)
  await assert.rejects(create(cron('b', { replicas: 0 })), {
    message:
      'CronTab.stable.example.com "b" is invalid: spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1',
  })
  await assert.rejects(create(cron('b', { surplus: 1 })), /unknown field "spec.surplus"/)
  const loose = await api.create(path(), cron('c', { surplus: 1 }), { fieldValidation: 'Ignore' })
  assert.deepEqual(loose.spec, { replicas: 1 })
})

test('defaults of a later version of the schema are there when an object is read', async () => {
  const made = await define()
  await create(cron('a'))
  const changed = structuredClone(made)
  const { properties } = changed.spec.versions[0]!.schema!.openAPIV3Schema!.properties!.spec!
  properties!.color = { type: 'string', default: 'red' }
  await api.api.update(api.target(crds, '', made.metadata.name!), { value: changed }, api.write())
  const { spec } = await api.api.get(api.target(path(), 'default', 'a'))
  assert.deepEqual(spec, { replicas: 1, color: 'red' })
})

test('status and scale', async () => {
  const subresources = {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  }
  await define({}, [version('v1', { subresources })])
  const object = await create(cron('a', { replicas: 3 }, { status: { replicas: 9 } }))
  assert.equal(object.status, undefined)
  const status = { replicas: 2, selector: 'a=b' }
  const target = (subresource: string) => api.target(path(), 'default', 'a', subresource)
  await api.api.update(target('status'), { value: { ...object, spec: { replicas: 7 }, status } }, api.write())
  const after = await api.api.get(target(''))
  assert.deepEqual([after.spec, after.status, after.metadata?.generation], [{ replicas: 3 }, status, 1])
  const scale = await api.api.get(target('scale'))
  assert.deepEqual([scale.kind, scale.spec, scale.status], ['Scale', { replicas: 3 }, status])
  await api.api.patch(
    target('scale'),
    { type: 'merge', body: { value: { spec: { replicas: 5 } } }, force: false },
    api.write(),
  )
  assert.deepEqual((await api.api.get(target(''))).spec, { replicas: 5 })
})

test('several versions of one object', async () => {
  await define({}, [version('v1'), version('v1beta1', { additionalPrinterColumns: [] })])
  await create(cron('a', { replicas: 2 }))
  await create(cron('b', { replicas: 4 }, {}, 'v1beta1'))
  const list = await api.api.list(api.target(path('v1beta1'), 'default').resource, 'default', {})
  assert.deepEqual(
    list.items.map(({ apiVersion, metadata }: StoredKubeObject) => `${apiVersion} ${metadata.name}`),
    ['stable.example.com/v1beta1 a', 'stable.example.com/v1beta1 b'],
  )
  const stored = api.store.list('stable.example.com/crontabs/').items
  assert.deepEqual([...new Set(stored.map(({ apiVersion }) => apiVersion))], ['stable.example.com/v1'])
})

test('a webhook converts between versions, on the way in and out', async () => {
  await using hook = await startTestWebhook(({ request }) => ({
    result: { status: 'Success' },
    convertedObjects: request.objects.map(({ spec, ...object }: KubeObject) => ({
      ...object,
      apiVersion: request.desiredAPIVersion,
      metadata: { ...object.metadata, uid: 'forged', labels: { by: 'hook' } },
      spec: request.desiredAPIVersion.endsWith('v2')
        ? { color: (spec as { cronSpec: string }).cronSpec }
        : { cronSpec: (spec as { color: string }).color },
    })),
  }))
  const webhook = {
    clientConfig: { url: hook.url, caBundle: hook.caBundle },
    conversionReviewVersions: ['v1'],
  }
  const conversion = { strategy: 'Webhook', webhook }
  const colored = { selectableFields: [{ jsonPath: '.spec.color' }] }
  await define({}, [version('v1'), version('v2', colored)], { conversion })
  const made = await create(cron('a', { color: 'red' }, {}, 'v2'))
  assert.deepEqual(made.spec, { color: 'red', replicas: 1 })
  const { spec, metadata } = await api.api.get(api.target(path('v1'), 'default', 'a'))
  assert.deepEqual(spec, { cronSpec: 'red', replicas: 1 })
  assert.deepEqual([metadata?.labels, metadata?.uid], [{ by: 'hook' }, made.metadata.uid])
  const { resource } = api.target(path('v2'))
  const { items } = await api.api.list(resource, 'default', {})
  assert.deepEqual(items[0]?.spec, { color: 'red', replicas: 1 })

  const fieldSelector = 'spec.color=blue'
  const seen: string[] = []
  const { promise: left, resolve, reject } = Promise.withResolvers<void>()
  const endWatch = api.api.watch(
    resource,
    'default',
    { fieldSelector },
    {
      event({ type, object }) {
        seen.push(`${type} ${object.metadata.name} ${(object.spec as { color: string }).color}`)
        if (type === 'DELETED') resolve()
      },
      failed: reject,
    },
  )
  const blue = await create(cron('b', { color: 'blue' }, {}, 'v2'))
  const found = await api.api.list(resource, 'default', { fieldSelector, limit: 1 })
  assert.deepEqual([found.items.map((item) => item.metadata.name), found.continue], [['b'], undefined])
  const target = api.target(path('v2'), 'default', 'b')
  await api.api.update(target, { value: { ...blue, spec: { color: 'green' } } }, api.write())
  await left
  endWatch()
  assert.deepEqual(seen, ['ADDED b blue', 'DELETED b blue'])
})

test('deprecated versions say what to use instead; finalizers ought to say whose they are', async () => {
  const deprecated = { deprecated: true }
  await define({}, [
    version('v1'),
    version('v1beta1', deprecated),
    version('v1alpha1', { ...deprecated, deprecationWarning: 'do not' }),
  ])
  const warning = (served: string) => api.target(path(served)).resource.deprecation
  assert.deepEqual(['v1', 'v1beta1', 'v1alpha1'].map(warning), [
    undefined,
    'stable.example.com/v1beta1 CronTab is deprecated; use stable.example.com/v1 CronTab',
    'do not',
  ])
  const write = api.write()
  const value = cron('a')
  value.metadata = { ...value.metadata, finalizers: ['mine', 'example.com/ours'] }
  await api.api.create(api.target(path(), 'default'), { value }, write)
  assert.deepEqual(write.warnings, [
    'metadata.finalizers: "mine": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
  ])
})

test('names that another definition has are not granted, until they are free', async () => {
  await define({ shortNames: ['ct'] })
  const second = { plural: 'cronthings', singular: 'cronthing', kind: 'CronTab', listKind: 'CronThingList' }
  const blocked = await define({ ...second, shortNames: ['ct'] })
  assert.deepEqual(conditions(blocked), {
    NamesAccepted: 'False KindConflict',
    Established: 'False NotAccepted',
  })
  assert.equal(
    blocked.status?.conditions?.find(({ type }) => type === 'NamesAccepted')?.message,
    '"CronTab" is already in use',
  )
  assert.equal(
    api.catalog.find({ group: 'stable.example.com', version: 'v1', resource: 'cronthings' }),
    undefined,
  )
  await api.api.delete(api.target(crds, '', 'crontabs.stable.example.com'), {}, api.write())
  await api.customResources.idle()
  assert.equal(
    conditions(await get('cronthings.stable.example.com')).Established,
    'True InitialNamesAccepted',
  )
})

test('a version that is no longer served goes', async () => {
  const made = await define({}, [version('v1'), version('v2')])
  const changed = structuredClone(made)
  changed.spec.versions[1]!.served = false
  await api.api.update(api.target(crds, '', made.metadata.name!), { value: changed }, api.write())
  const find = (name: string) =>
    api.catalog.find({ group: 'stable.example.com', version: name, resource: 'crontabs' })
  assert.equal(find('v2'), undefined)
  assert.ok(find('v1'))
})

test('a deleted definition takes its objects along, and waits for their finalizers', async () => {
  const made = await define()
  await create(cron('plain'))
  const held = cron('held')
  held.metadata!.finalizers = ['example.com/hold']
  await create(held)
  await api.api.delete(api.target(crds, '', made.metadata.name!), {}, api.write())
  await api.customResources.idle()
  const ending = await get(made.metadata.name!)
  assert.deepEqual(conditions(ending).Terminating, 'True InstanceDeletionInProgress')
  assert.deepEqual(
    api.store.list('stable.example.com/crontabs/').items.map(({ metadata }) => metadata.name),
    ['held'],
  )
  await assert.rejects(create(cron('late')), { code: 405 })
  const last = await api.api.get(api.target(path(), 'default', 'held'))
  const released = { ...last, metadata: { ...last.metadata, finalizers: [] } }
  await api.api.update(api.target(path(), 'default', 'held'), { value: released }, api.write())
  await api.customResources.idle()
  await assert.rejects(get(made.metadata.name!), { code: 404 })
  assert.equal(
    api.catalog.find({ group: 'stable.example.com', version: 'v1', resource: 'crontabs' }),
    undefined,
  )
})

test('definitions that upstream refuses', async () => {
  const refused = async (object: KubeObject): Promise<string> => {
    const error = await api.create(crds, object).then(
      () => new Error('accepted'),
      (reason: Error) => reason,
    )
    return error.message.replace('CustomResourceDefinition.apiextensions.k8s.io ', '')
  }
  const withSchema = (openAPIV3Schema: object) =>
    definition({}, [{ ...version('v1'), schema: { openAPIV3Schema } }])
  assert.equal(
    await refused(withSchema({ type: 'object', properties: { spec: {} } })),
    '"crontabs.stable.example.com" is invalid: spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields',
  )
  assert.equal(
    await refused(withSchema({ type: 'object', properties: { a: { type: 'integer', default: 'x' } } })),
    '"crontabs.stable.example.com" is invalid: spec.validation.openAPIV3Schema.properties[a].default: Invalid value: "string":  in body must be of type integer: "string"',
  )
  const wrongName = definition()
  wrongName.metadata = { name: 'other.stable.example.com' }
  assert.match(
    await refused(wrongName),
    /metadata.name: Invalid value: "other.stable.example.com": must be spec.names.plural/,
  )
  assert.match(
    await refused(definition({}, [version('v1'), version('v1')])),
    /must contain unique version names/,
  )
  assert.match(
    await refused(definition({}, [version('v2')])),
    /must have exactly one version marked as storage version/,
  )
  assert.match(
    await refused(definition({}, [version('v1')], { scope: 'Planet' })),
    /spec.scope: Unsupported value: "Planet"/,
  )
  const core = definition({}, [version('v1')], { group: 'x.k8s.io' })
  core.metadata = { name: 'crontabs.x.k8s.io' }
  assert.match(await refused(core), /metadata.annotations\[api-approved.kubernetes.io\]: Required value/)
})
