import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { decodeEnvelope, encodeEnvelope } from '../../api/codec/protobuf.ts'
import { issue, testCa } from '../auth/testing/certificates.ts'
import { startTestControlPlane, type TestControlPlane } from '../testing/test-control-plane.ts'

let server: TestControlPlane
before(async () => {
  server = await startTestControlPlane()
})
after(() => server.stop())

const json = { 'content-type': 'application/json' }
const configMaps = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string, data: object = {}) => JSON.stringify({ metadata: { name }, data })

test('answers in JSON, YAML and protobuf, and takes them', async () => {
  const made = await server.request('POST', configMaps, {
    headers: json,
    body: configMap('formats', { k: 'v' }),
  })
  assert.equal(made.status, 201)
  assert.equal(made.headers['content-type'], 'application/json')
  assert.deepEqual(made.json.data, { k: 'v' })
  const path = `${configMaps}/formats`
  const yaml = await server.request('GET', path, { headers: { accept: 'application/yaml' } })
  assert.equal(yaml.headers['content-type'], 'application/yaml')
  assert.match(yaml.text, /^data:\n {2}k: v$/m)
  const protobuf = { accept: 'application/vnd.kubernetes.protobuf' }
  const binary = await server.request('GET', path, { headers: protobuf })
  assert.equal(binary.headers['content-type'], 'application/vnd.kubernetes.protobuf')
  const decoded = decodeEnvelope(binary.body)
  assert.deepEqual([decoded.kind, decoded.data], ['ConfigMap', { k: 'v' }])
  const fromYaml = await server.request('PUT', path, {
    headers: { 'content-type': 'application/yaml' },
    body: 'metadata: {name: formats}\ndata: {k: from yaml}\n',
  })
  assert.deepEqual(fromYaml.json.data, { k: 'from yaml' })
  const fromProtobuf = await server.request('PUT', path, {
    headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
    body: encodeEnvelope({ ...decoded, metadata: { name: 'formats' }, data: { k: 'from protobuf' } }),
  })
  assert.deepEqual(fromProtobuf.json.data, { k: 'from protobuf' })
  const refusal = await server.request('GET', path, { headers: { accept: 'image/png' } })
  assert.equal(refusal.status, 406)
  const strange = await server.request('POST', configMaps, {
    headers: { 'content-type': 'text/csv' },
    body: 'a,b',
  })
  assert.equal(strange.status, 415)
})

test('shows tables and metadata instead of objects', async () => {
  await server.request('POST', configMaps, { headers: json, body: configMap('views', { a: '1', b: '2' }) })
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
  const table = await server.request('GET', `${configMaps}/views`, { headers: { accept } })
  assert.equal(table.headers['content-type'], 'application/json;g=meta.k8s.io;v=v1;as=Table')
  const { kind, columnDefinitions, rows } = table.json as {
    kind: string
    columnDefinitions: { name: string }[]
    rows: { cells: unknown[]; object: { kind: string } }[]
  }
  assert.equal(kind, 'Table')
  assert.deepEqual(
    columnDefinitions.map(({ name }) => name),
    ['Name', 'Data', 'Age'],
  )
  assert.deepEqual(
    [rows[0]?.cells[0], rows[0]?.cells[1], rows[0]?.object.kind],
    ['views', 2, 'PartialObjectMetadata'],
  )
  const only = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
  const list = await server.request('GET', configMaps, { headers: { accept: only } })
  assert.equal(list.json.kind, 'PartialObjectMetadataList')
  const [first] = list.json.items as Record<string, unknown>[]
  assert.deepEqual(Object.keys(first ?? {}), ['kind', 'apiVersion', 'metadata'])
  const wrong = await server.request('GET', configMaps, {
    headers: { accept: 'application/json;as=Table;v=v2;g=meta.k8s.io' },
  })
  assert.equal(wrong.status, 406)
  const review = await server.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    headers: { ...json, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    body: '{"spec":{"nonResourceAttributes":{"verb":"get","path":"/"}}}',
  })
  assert.equal(review.status, 406)
})

test('compresses what is large', async () => {
  await server.request('POST', configMaps, {
    headers: json,
    body: configMap('large', { k: 'x'.repeat(200_000) }),
  })
  const answer = await server.request('GET', `${configMaps}/large`, {
    headers: { 'accept-encoding': 'gzip' },
  })
  assert.equal(answer.headers['content-encoding'], 'gzip')
  assert.ok(answer.body.length < 10_000)
  assert.equal(JSON.parse(gunzipSync(answer.body).toString()).metadata.name, 'large')
  const plain = await server.request('GET', `${configMaps}/large`)
  assert.equal(plain.headers['content-encoding'], undefined)
})

test('refuses bodies past 3 MiB, nonsense, and methods that a resource has not', async () => {
  const large = await server.request('POST', configMaps, {
    headers: json,
    body: configMap('too-large', { k: 'x'.repeat(3 << 20) }),
  })
  assert.deepEqual([large.status, large.json.reason], [413, 'RequestEntityTooLarge'])
  const nonsense = await server.request('POST', configMaps, { headers: json, body: '{"a":' })
  assert.deepEqual([nonsense.status, nonsense.json.reason], [400, 'BadRequest'])
  const method = await server.request('POST', '/api/v1/namespaces/default/pods/x/status', {
    headers: json,
    body: '{}',
  })
  assert.deepEqual([method.status, method.json.reason], [405, 'MethodNotAllowed'])
  for (const path of ['/api/v1/nothing', '/apis/nobody.example/v1/things', '/api/v2/pods', '/nowhere']) {
    const answer = await server.request('GET', path)
    assert.deepEqual([answer.status, answer.text], [404, '404 page not found\n'], path)
  }
  const missing = await server.request('GET', `${configMaps}/missing`)
  assert.deepEqual(missing.json, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'configmaps "missing" not found',
    reason: 'NotFound',
    details: { name: 'missing', group: '', kind: 'configmaps' },
    code: 404,
  })
})

test('warns in headers, once per text', async () => {
  const body = '{"metadata":{"name":"warned"},"foo":1,"bar":2}'
  const answer = await server.request('POST', configMaps, { headers: json, body })
  assert.equal(answer.headers.warning, '299 - "unknown field \\"foo\\"", 299 - "unknown field \\"bar\\""')
  const strict = await server.request('POST', `${configMaps}?fieldValidation=Strict`, { headers: json, body })
  assert.equal(strict.status, 400)
  const wrong = await server.request('POST', `${configMaps}?fieldValidation=Maybe`, { headers: json, body })
  assert.deepEqual([wrong.status, wrong.json.reason], [422, 'Invalid'])
})

test('knows its clients by certificate; strangers may ask for health and version only', async () => {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const whoAmI = async (as: ReturnType<typeof issue>) => {
    const answer = await server.request('POST', path, { headers: json, body: '{}', as })
    return (answer.json.status as { userInfo: { username: string; groups: string[] } }).userInfo
  }
  const alice = server.user('alice', 'team')
  const { username, groups } = await whoAmI(alice)
  assert.deepEqual([username, groups], ['alice', ['team', 'system:authenticated']])
  const denied = await server.request('GET', configMaps, { as: alice })
  assert.deepEqual(
    [denied.status, denied.json.message],
    [
      403,
      'configmaps is forbidden: User "alice" cannot list resource "configmaps" in API group "" in the namespace "default"',
    ],
  )
  const stranger = issue('mallory', ['system:masters'], testCa('another-ca'))
  assert.equal((await server.request('GET', configMaps, { as: stranger })).status, 401)
  assert.equal((await server.request('GET', configMaps, { as: null })).status, 403)
  assert.equal((await server.request('GET', '/readyz', { as: null })).text, 'ok')
  assert.equal((await server.request('GET', '/version', { as: null })).json.minor, '36')
  const asBob = await server.request('GET', configMaps, { headers: { 'impersonate-user': 'bob' } })
  assert.match(String(asBob.json.message), /User "bob" cannot list/)
})

test('health: verbose, single checks, exclusions', async () => {
  const verbose = await server.request('GET', '/livez?verbose')
  assert.match(verbose.text, /^\[\+\]ping ok\n.*livez check passed\n$/s)
  assert.equal((await server.request('GET', '/readyz/ping')).text, 'ok')
  assert.equal((await server.request('GET', '/readyz/nothing')).status, 404)
  assert.doesNotMatch((await server.request('GET', '/livez?verbose&exclude=ping')).text, /ping/)
})

test('discovery, plain and aggregated', async () => {
  const core = await server.request('GET', '/api/v1')
  const pods = (core.json.resources as Record<string, unknown>[]).find(({ name }) => name === 'pods')
  assert.deepEqual(pods, {
    name: 'pods',
    singularName: 'pod',
    namespaced: true,
    kind: 'Pod',
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    shortNames: ['po'],
    categories: ['all'],
  })
  const scale = (
    (await server.request('GET', '/apis/apps/v1')).json.resources as Record<string, unknown>[]
  ).find(({ name }) => name === 'deployments/scale')
  assert.deepEqual(
    [scale?.group, scale?.version, scale?.kind, scale?.verbs],
    ['autoscaling', 'v1', 'Scale', ['get', 'patch', 'update']],
  )
  const autoscaling = (await server.request('GET', '/apis/autoscaling')).json
  assert.deepEqual(autoscaling.preferredVersion, { groupVersion: 'autoscaling/v2', version: 'v2' })
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
  const all = await server.request('GET', '/apis', { headers: { accept } })
  assert.equal(
    all.headers['content-type'],
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  )
  assert.equal(all.json.kind, 'APIGroupDiscoveryList')
  const unchanged = await server.request('GET', '/apis', {
    headers: { accept, 'if-none-match': all.headers.etag ?? '' },
  })
  assert.equal(unchanged.status, 304)
})

test('watches stream events until their time is over', async () => {
  await server.request('POST', configMaps, { headers: json, body: configMap('watched') })
  const query = 'watch=true&fieldSelector=metadata.name%3Dwatched'
  const events = server.request('GET', `${configMaps}?${query}&timeoutSeconds=1`)
  const binary = server.request('GET', `${configMaps}?${query}&timeoutSeconds=1`, {
    headers: { accept: 'application/vnd.kubernetes.protobuf;stream=watch' },
  })
  await server.request('PUT', `${configMaps}/watched`, {
    headers: json,
    body: configMap('watched', { k: 'v' }),
  })
  const lines = (await events).text.trim().split('\n')
  const told = lines.map((line) => JSON.parse(line) as { type: string; object: { data?: object } })
  assert.deepEqual(told.at(-1)?.object.data, { k: 'v' })
  assert.equal(told[0]?.type, 'ADDED')
  assert.equal((await binary).headers['content-type'], 'application/vnd.kubernetes.protobuf;stream=watch')
  assert.ok((await binary).body.includes('watched'))
  const late = await server.request('GET', `${configMaps}?watch=true&resourceVersion=1&timeoutSeconds=1`)
  assert.equal(late.status, 200)
})

test('metrics count requests', async () => {
  await server.request('GET', `${configMaps}/counted`)
  const { text } = await server.request('GET', '/metrics')
  assert.match(
    text,
    /apiserver_request_total\{code="404",.*resource="configmaps",.*verb="GET",version="v1"\} \d/,
  )
})

test('keys of service account tokens are public', async () => {
  const keys = await server.request('GET', '/openid/v1/jwks')
  assert.equal(keys.headers['content-type'], 'application/jwk-set+json')
  assert.equal((keys.json.keys as { kty: string }[])[0]?.kty, 'EC')
  const configuration = await server.request('GET', '/.well-known/openid-configuration')
  assert.equal(configuration.json.issuer, 'https://kubernetes.default.svc.cluster.local')
})
