import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError, type StatusReason } from '../../api/api-error.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import { createTestApi, type TestApi } from '../testing/test-api.ts'

const configMap = (name: string, fields: KubeObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  ...fields,
  metadata: { name, namespace: 'default', ...fields.metadata },
})

async function refused(
  promise: Promise<unknown>,
  reason: StatusReason | '',
  message: string | RegExp,
): Promise<ApiError> {
  const error = await promise.then(
    () => assert.fail('was not refused'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof ApiError, String(error))
  assert.equal(error.reason, reason)
  if (typeof message === 'string') assert.equal(error.message, message)
  else assert.match(error.message, message)
  return error
}

const get = (api: TestApi, resource: string, name: string, namespace = 'default') =>
  api.api.get(api.target(resource, namespace, name)) as Promise<StoredKubeObject>

const update = async (api: TestApi, resource: string, object: KubeObject) =>
  (
    await api.api.update(
      api.target(resource, object.metadata?.namespace, object.metadata?.name),
      { value: object },
      api.write(),
    )
  ).object as StoredKubeObject

test('a create fills in what the server knows, and an equal name is refused', async () => {
  const api = await createTestApi(() => Date.parse('2026-01-02T03:04:05.678Z'))
  const made = await api.create('configmaps', configMap('a', { data: { k: 'v' }, metadata: { uid: 'mine' } }))
  assert.equal(made.metadata.creationTimestamp, '2026-01-02T03:04:05Z')
  assert.match(made.metadata.uid ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(made.metadata.resourceVersion, String(api.store.revision))
  assert.equal(made.metadata.managedFields?.[0]?.manager, 'test')
  await refused(api.create('configmaps', configMap('a')), 'AlreadyExists', 'configmaps "a" already exists')
  await refused(
    api.create('configmaps', configMap('b', { metadata: { resourceVersion: '1' } })),
    '',
    'resourceVersion should not be set on objects to be created',
  )
  await refused(
    api.api.create(api.target('configmaps', 'kube-system'), { value: configMap('c') }, api.write()),
    'BadRequest',
    'the namespace of the provided object does not match the namespace sent on the request',
  )
  await refused(
    api.create('configmaps', configMap('d', { metadata: { namespace: 'nowhere' } })),
    'NotFound',
    'namespaces "nowhere" not found',
  )
})

test('generated names are cut, unlike and tried again', async () => {
  const api = await createTestApi()
  const prefix = `${'x'.repeat(70)}-`
  const made = await api.create('configmaps', {
    metadata: { generateName: prefix, namespace: 'default' },
  })
  assert.match(made.metadata.name ?? '', /^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  assert.equal(made.metadata.generateName, prefix)
})

test('updates: optimistic locking, no-ops, unconditional writes', async () => {
  const api = await createTestApi()
  const made = await api.create('configmaps', configMap('a', { data: { k: '1' } }))
  const second = await update(api, 'configmaps', { ...made, data: { k: '2' } })
  assert.ok(Number(second.metadata.resourceVersion) > Number(made.metadata.resourceVersion))
  await refused(
    update(api, 'configmaps', { ...made, data: { k: '3' } }),
    'Conflict',
    'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
  )
  const same = await update(api, 'configmaps', { ...second })
  assert.equal(same.metadata.resourceVersion, second.metadata.resourceVersion)
  const blind = await update(api, 'configmaps', configMap('a', { data: { k: '4' } }))
  assert.equal(blind.metadata.uid, made.metadata.uid)
  assert.equal(blind.metadata.creationTimestamp, made.metadata.creationTimestamp)
  await refused(update(api, 'configmaps', configMap('no')), 'NotFound', 'configmaps "no" not found')
  await refused(
    update(api, 'configmaps', configMap('a', { metadata: { uid: 'another' } })),
    'Conflict',
    /Precondition failed: UID in precondition: another, UID in object meta: /,
  )
  await refused(
    api.api.update(api.target('configmaps', 'default', 'other'), { value: configMap('a') }, api.write()),
    'BadRequest',
    'the name of the object (a) does not match the name on the URL (other)',
  )
})

test('concurrent patches of one object all arrive', async () => {
  const api = await createTestApi()
  await api.create('configmaps', configMap('a'))
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      api.client.patch({ group: '', version: 'v1', resource: 'configmaps' }, 'default', 'a', 'merge', {
        data: { [`k${i}`]: String(i) },
      }),
    ),
  )
  assert.equal(Object.keys((await get(api, 'configmaps', 'a')).data as object).length, 20)
})

test('unknown and duplicate fields are ignored, warned about or refused', async () => {
  const api = await createTestApi()
  const body = { value: configMap('a', { foo: 1 }), duplicates: ['duplicate field "data.k"'] }
  const target = api.target('configmaps', 'default')
  await refused(
    api.api.create(target, body, api.write()),
    'BadRequest',
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.k", unknown field "foo"',
  )
  const warned = api.write({ fieldValidation: 'Warn' })
  await api.api.create(target, body, warned)
  assert.deepEqual(warned.warnings, ['duplicate field "data.k"', 'unknown field "foo"'])
  assert.equal('foo' in (await get(api, 'configmaps', 'a')), false)
  const silent = api.write({ fieldValidation: 'Ignore' })
  await api.api.update(api.target('configmaps', 'default', 'a'), body, silent)
  assert.deepEqual(silent.warnings, [])
  await refused(
    api.create('configmaps', { ...configMap('b'), apiVersion: 'v2' }),
    'BadRequest',
    'the API version in the data (v2) does not match the expected API version (v1)',
  )
  await refused(
    api.create('configmaps', { ...configMap('b'), data: { k: 1 } }),
    'BadRequest',
    /^ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap\.data of type string$/,
  )
})

test('dry runs change nothing', async () => {
  const api = await createTestApi()
  const before = api.store.revision
  const dry = { dryRun: true }
  const made = await api.create('configmaps', configMap('a'), dry)
  assert.equal(made.metadata.name, 'a')
  await api.create('services', service('s', { type: 'NodePort' }), dry)
  assert.equal(api.store.revision, before)
  await api.create('configmaps', configMap('a'))
  await refused(
    api.create('configmaps', configMap('a'), dry),
    'AlreadyExists',
    'configmaps "a" already exists',
  )
  const { removed } = await api.api.delete(api.target('configmaps', 'default', 'a'), {}, api.write(dry))
  assert.equal(removed, true)
  assert.ok(await get(api, 'configmaps', 'a'))
})

test('finalizers hold a deleted object until the last is gone', async () => {
  const api = await createTestApi()
  await api.create('configmaps', configMap('a', { metadata: { finalizers: ['example.com/x'] } }))
  const target = api.target('configmaps', 'default', 'a')
  const first = await api.api.delete(target, {}, api.write())
  assert.equal(first.removed, false)
  assert.ok(first.object.metadata.deletionTimestamp)
  assert.equal(first.object.metadata.deletionGracePeriodSeconds, 0)
  await refused(
    api.create('configmaps', configMap('a')),
    'AlreadyExists',
    'object is being deleted: configmaps "a" already exists',
  )
  await refused(
    update(api, 'configmaps', {
      ...first.object,
      metadata: { ...first.object.metadata, finalizers: ['example.com/x', 'example.com/new'] },
    }),
    'Invalid',
    /no new finalizers can be added if the object is being deleted/,
  )
  const { deletionTimestamp: _, finalizers: __, ...metadata } = first.object.metadata
  await update(api, 'configmaps', { ...first.object, metadata })
  await refused(get(api, 'configmaps', 'a'), 'NotFound', 'configmaps "a" not found')
})

test('propagation policies become finalizers of the garbage collector', async () => {
  const api = await createTestApi()
  const finalizersAfter = async (resource: string, object: KubeObject, options: object) => {
    const made = await api.create(resource, object)
    const { name } = made.metadata
    const { object: left, removed } = await api.api.delete(
      api.target(resource, 'default', name),
      options,
      api.write(),
    )
    return removed ? 'removed' : left.metadata.finalizers
  }
  assert.equal(await finalizersAfter('configmaps', configMap('a'), {}), 'removed')
  assert.deepEqual(await finalizersAfter('configmaps', configMap('b'), { propagationPolicy: 'Orphan' }), [
    'orphan',
  ])
  assert.deepEqual(await finalizersAfter('configmaps', configMap('c'), { propagationPolicy: 'Foreground' }), [
    'foregroundDeletion',
  ])
  assert.deepEqual(await finalizersAfter('configmaps', configMap('d'), { orphanDependents: true }), [
    'orphan',
  ])
  const job = { metadata: { name: 'j', namespace: 'default' }, spec: { template: podTemplate('Never') } }
  assert.deepEqual((await finalizersAfter('batch/v1/jobs', job, {}))?.includes('orphan'), true)
})

test('deletion preconditions', async () => {
  const api = await createTestApi()
  const made = await api.create('configmaps', configMap('a'))
  const target = api.target('configmaps', 'default', 'a')
  await refused(
    api.api.delete(target, { preconditions: { uid: 'another' } }, api.write()),
    'Conflict',
    `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (another) does not match the UID in record (${made.metadata.uid}). The object might have been deleted and then recreated`,
  )
  await refused(
    api.api.delete(target, { preconditions: { resourceVersion: '1' } }, api.write()),
    'Conflict',
    /the ResourceVersion in the precondition \(1\) does not match/,
  )
  const { uid, resourceVersion } = made.metadata
  await api.api.delete(
    target,
    { preconditions: { uid: uid!, resourceVersion: resourceVersion! } },
    api.write(),
  )
})

test('pods end gracefully, and only ever sooner', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const api = await createTestApi(() => now)
  await api.create('serviceaccounts', { metadata: { name: 'default', namespace: 'default' } })
  const pod = await api.create('pods', {
    metadata: { name: 'p', namespace: 'default' },
    ...podTemplate('Always'),
  })
  const target = api.target('pods', 'default', 'p')
  const bind = { value: { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } } }
  await api.api.create({ ...target, subresource: 'binding' }, bind, api.write())
  assert.equal(((await get(api, 'pods', 'p')).spec as { nodeName: string }).nodeName, 'n')
  await refused(
    api.api.create({ ...target, subresource: 'binding' }, bind, api.write()),
    'Conflict',
    'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n"',
  )
  const first = await api.api.delete(target, {}, api.write())
  assert.equal(first.removed, false)
  assert.equal(first.object.metadata.deletionTimestamp, '2026-01-01T00:00:30Z')
  assert.equal(first.object.metadata.deletionGracePeriodSeconds, 30)
  now += 5000
  const longer = await api.api.delete(target, { gracePeriodSeconds: 60 }, api.write())
  assert.equal(longer.object.metadata.deletionTimestamp, '2026-01-01T00:00:30Z')
  const shorter = await api.api.delete(target, { gracePeriodSeconds: 10 }, api.write())
  assert.equal(shorter.object.metadata.deletionTimestamp, '2026-01-01T00:00:10Z')
  assert.equal(shorter.object.metadata.deletionGracePeriodSeconds, 10)
  const last = await api.api.delete(target, { gracePeriodSeconds: 0 }, api.write())
  assert.equal(last.removed, true)
  assert.equal(last.object.metadata.uid, pod.metadata.uid)
})

test('a namespace ends with its finalizer', async () => {
  const api = await createTestApi()
  await api.create('namespaces', { metadata: { name: 'n' } })
  const target = api.target('namespaces', '', 'n')
  const { object, removed } = await api.api.delete(target, {}, api.write())
  assert.equal(removed, false)
  assert.deepEqual(object.status, { phase: 'Terminating' })
  assert.ok(object.metadata.deletionTimestamp)
  await refused(
    api.create('configmaps', configMap('late', { metadata: { namespace: 'n' } })),
    'Forbidden',
    /unable to create new content in namespace n because it is being terminated/,
  )
  await api.api.update(
    { ...target, subresource: 'finalize' },
    { value: { ...object, spec: {} } },
    api.write(),
  )
  await refused(get(api, 'namespaces', 'n', ''), 'NotFound', 'namespaces "n" not found')
})

test('services get addresses and ports, keep them, and give them back', async () => {
  const api = await createTestApi()
  const a = await api.create('services', service('a', { type: 'NodePort' }))
  const spec = a.spec as Spec
  assert.match(spec.clusterIP, /^10\.96\.0\.\d+$/)
  assert.deepEqual(spec.clusterIPs, [spec.clusterIP])
  assert.deepEqual(spec.ipFamilies, ['IPv4'])
  assert.equal(spec.ipFamilyPolicy, 'SingleStack')
  const port = spec.ports[0]!.nodePort!
  assert.ok(port >= 30000 && port <= 30099)
  await refused(
    api.create('services', service('b', { clusterIP: spec.clusterIP })),
    'Invalid',
    `Service "b" is invalid: spec.clusterIPs: Invalid value: ["${spec.clusterIP}"]: failed to allocate IP ${spec.clusterIP}: provided IP is already allocated`,
  )
  await refused(
    api.create('services', service('b', { clusterIP: '10.97.0.1' })),
    'Invalid',
    /the provided IP \(10\.97\.0\.1\) is not in the valid range\. The range of valid IPs is 10\.96\.0\.0\/24$/,
  )
  await refused(
    api.create('services', service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] })),
    'Invalid',
    `Service "b" is invalid: spec.ports[0].nodePort: Invalid value: ${port}: provided port is already allocated`,
  )
  await refused(
    api.create('services', service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] })),
    'Invalid',
    /provided port is not in the valid range\. The range of valid ports is 30000-30099$/,
  )
  const dns = [
    { name: 'udp', port: 53, protocol: 'UDP' },
    { name: 'tcp', port: 53, protocol: 'TCP' },
  ]
  const shared = await api.create('services', service('shared', { type: 'NodePort', ports: dns }))
  const [udp, tcp] = (shared.spec as Spec).ports
  assert.equal(udp?.nodePort, tcp?.nodePort)

  const kept = await update(api, 'services', service('a', { type: 'NodePort', ports: [{ port: 81 }] }))
  assert.equal((kept.spec as Spec).clusterIP, spec.clusterIP)
  assert.equal((kept.spec as Spec).ports[0]!.nodePort, port)
  const plain = await update(api, 'services', service('a', {}))
  assert.equal((plain.spec as Spec).ports[0]!.nodePort, undefined)
  await api.create('services', service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] }))
  await api.api.delete(api.target('services', 'default', 'a'), {}, api.write())
  await api.create('services', service('c', { clusterIP: spec.clusterIP }))
  const headless = await api.create('services', service('headless', { clusterIP: 'None' }))
  assert.deepEqual((headless.spec as Spec).clusterIPs, ['None'])
  await refused(
    api.create('services', service('dual', { ipFamilyPolicy: 'RequireDualStack' })),
    'Invalid',
    'Service "dual" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  )
})

test('the address range can be used up, and says so', async () => {
  const api = await createTestApi()
  // 254 addresses, one of which is the kubernetes Service's.
  const made = await Promise.all(
    Array.from({ length: 253 }, (_, i) => api.create('services', service(`s${i}`, {}))),
  )
  assert.equal(new Set(made.map(({ spec }) => (spec as Spec).clusterIP)).size, 253)
  await refused(
    api.create('services', service('more', {})),
    'InternalError',
    'Internal error occurred: failed to allocate a serviceIP for Service "more": range is full',
  )
  await api.api.delete(api.target('services', 'default', 's7'), {}, api.write())
  const again = await api.create('services', service('more', {}))
  assert.equal((again.spec as Spec).clusterIP, (made[7]!.spec as Spec).clusterIP)
})

test('scale shows and sets replicas, and keeps the books of both', async () => {
  const api = await createTestApi()
  const template = { ...podTemplate('Always'), metadata: { labels: { a: 'b' } } }
  await api.create('apps/v1/deployments', {
    metadata: { name: 'd', namespace: 'default' },
    spec: { replicas: 2, selector: { matchLabels: { a: 'b' } }, template },
  })
  const target = api.target('apps/v1/deployments', 'default', 'd', 'scale')
  const scale = await api.api.get(target)
  assert.deepEqual([scale.kind, scale.apiVersion], ['Scale', 'autoscaling/v1'])
  assert.deepEqual(scale.spec, { replicas: 2 })
  assert.deepEqual(scale.status, { replicas: 0, selector: 'a=b' })
  const patch = { type: 'merge' as const, body: { value: { spec: { replicas: 5 } } }, force: false }
  const patched = await api.api.patch(target, patch, api.write({ fieldManager: 'scaler' }))
  assert.deepEqual(patched.object.spec, { replicas: 5 })
  const parent = await get(api, 'apps/v1/deployments', 'd')
  assert.equal((parent.spec as { replicas: number }).replicas, 5)
  assert.equal(parent.metadata.generation, 2)
  const entry = parent.metadata.managedFields?.find(({ manager }) => manager === 'scaler')
  assert.deepEqual([entry?.subresource, entry?.fieldsV1], ['scale', { 'f:spec': { 'f:replicas': {} } }])
  await refused(
    api.api.update(target, { value: { ...scale, spec: { replicas: 1 } } }, api.write()),
    'Conflict',
    /the object has been modified/,
  )
  await refused(
    api.api.patch(target, { ...patch, body: { value: { spec: { replicas: -1 } } } }, api.write()),
    'Invalid',
    'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  )
})

test('server-side apply creates, merges, and reports conflicts', async () => {
  const api = await createTestApi()
  const target = api.target('configmaps', 'default', 'a')
  const apply = (data: object, manager: string, force = false) =>
    api.api.patch(
      target,
      { type: 'apply', body: { value: configMap('a', { data }) }, force },
      api.write({ fieldManager: manager }),
    )
  const made = await apply({ k: '1' }, 'one')
  assert.equal(made.created, true)
  const same = await apply({ k: '1' }, 'one')
  assert.equal(same.object.metadata?.resourceVersion, made.object.metadata?.resourceVersion)
  await refused(
    apply({ k: '2' }, 'two'),
    'Conflict',
    'Apply failed with 1 conflict: conflict with "one": .data.k',
  )
  const forced = await apply({ k: '2' }, 'two', true)
  assert.deepEqual(forced.object.data, { k: '2' })
  const other = await apply({ l: '3' }, 'one')
  assert.deepEqual(other.object.data, { k: '2', l: '3' })
})

test('an eviction spends the disruption budget', async () => {
  const api = await createTestApi()
  await api.create('serviceaccounts', { metadata: { name: 'default', namespace: 'default' } })
  const labels = { app: 'x' }
  for (const name of ['p1', 'p2']) {
    await api.create('pods', { metadata: { name, namespace: 'default', labels }, ...podTemplate('Always') })
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
    await api.client.patch(
      { group: '', version: 'v1', resource: 'pods' },
      'default',
      name,
      'merge',
      { status },
      { subresource: 'status' },
    )
    await api.api.create(
      api.target('pods', 'default', name, 'binding'),
      { value: { metadata: { name }, target: { kind: 'Node', name: 'n' } } },
      api.write(),
    )
  }
  await api.create('policy/v1/poddisruptionbudgets', {
    metadata: { name: 'b', namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  })
  const status = {
    observedGeneration: 1,
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 2,
  }
  await api.client.patch(
    { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' },
    'default',
    'b',
    'merge',
    { status },
    { subresource: 'status' },
  )
  const evict = (name: string) =>
    api.api.create(
      api.target('pods', 'default', name, 'eviction'),
      { value: { metadata: { name } } },
      api.write(),
    )
  assert.equal((await evict('p1')).status, 'Success')
  const evicted = await get(api, 'pods', 'p1')
  assert.ok(evicted.metadata.deletionTimestamp)
  const { conditions } = evicted.status as { conditions: { type: string; reason?: string }[] }
  assert.equal(conditions.find(({ type }) => type === 'DisruptionTarget')?.reason, 'EvictionByEvictionAPI')
  const budget = await get(api, 'policy/v1/poddisruptionbudgets', 'b')
  assert.deepEqual(Object.keys((budget.status as { disruptedPods: object }).disruptedPods), ['p1'])
  const error = await refused(
    evict('p2'),
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
  )
  assert.deepEqual(error.details?.causes, [
    {
      reason: 'DisruptionBudget',
      message: 'The disruption budget b does not allow evicting pods currently',
    },
  ])
})

interface Spec {
  clusterIP: string
  clusterIPs: string[]
  ipFamilies: string[]
  ipFamilyPolicy: string
  ports: { nodePort?: number }[]
}

function service(name: string, spec: object): KubeObject {
  return {
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port: 80 }], selector: { a: 'b' }, ...spec },
  }
}

function podTemplate(restartPolicy: string): KubeObject {
  return { spec: { restartPolicy, containers: [{ name: 'c', image: 'i' }] } }
}
