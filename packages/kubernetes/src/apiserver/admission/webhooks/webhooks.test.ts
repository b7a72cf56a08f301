import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { KubeObject } from '../../../api/kube-object.ts'
import type { Pod } from '../../../api/types/core-v1.ts'
import { endpointSlices } from '../../../client/resources.ts'
import { put } from '../../auth/testing/put.ts'
import { createTestApi, type TestApi } from '../../testing/test-api.ts'
import {
  patchAnswer,
  startTestWebhook,
  type TestReview,
  type TestWebhook,
} from '../../webhooks/testing/test-webhook.ts'

const group = 'admissionregistration.k8s.io/v1'
let api: TestApi
let hook: TestWebhook
let answer: (review: TestReview, path: string) => object | undefined

beforeEach(async () => {
  api = await createTestApi()
  await api.create('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { hooks: 'yes' } },
  })
  await api.create('serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace: 'shop', name: 'default' },
  })
  answer = () => ({ allowed: true })
  hook = await startTestWebhook((review, path) => answer(review, path))
})

afterEach(async () => {
  await hook[Symbol.asyncDispose]()
  await api.close()
})

const rule = (resources: string[], operations = ['CREATE'], apiGroups = [''], apiVersions = ['v1']) => ({
  operations,
  apiGroups,
  apiVersions,
  resources,
})

function webhook(name: string, more: object = {}): object {
  return {
    name,
    clientConfig: { url: `${hook.url}/${name}`, caBundle: hook.caBundle },
    rules: [rule(['configmaps'])],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...more,
  }
}

function configure(type: 'Mutating' | 'Validating', ...webhooks: object[]): Promise<KubeObject> {
  return api.create(`${group}/${type.toLowerCase()}webhookconfigurations`, {
    apiVersion: group,
    kind: `${type}WebhookConfiguration`,
    metadata: { generateName: 'hooks-' },
    webhooks,
  })
}

function configMap(name: string, more: KubeObject = {}, dryRun = false): Promise<KubeObject> {
  return api.create(
    'configmaps',
    { apiVersion: 'v1', kind: 'ConfigMap', ...more, metadata: { namespace: 'shop', name, ...more.metadata } },
    { dryRun },
  )
}

test('a validating webhook sees the request and says no in its words, with its code', async () => {
  answer = () => ({ allowed: false, status: { message: 'not today', code: 418 } })
  await configure('Validating', webhook('v.example.com'))
  await assert.rejects(configMap('a', { data: { x: '1' } }), {
    message: 'admission webhook "v.example.com" denied the request: not today',
    code: 418,
  })
  const { request, ...rest } = hook.reviews[0]!
  assert.deepEqual(rest, { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' })
  assert.deepEqual(request.kind, { group: '', version: 'v1', kind: 'ConfigMap' })
  assert.deepEqual(request.resource, { group: '', version: 'v1', resource: 'configmaps' })
  assert.deepEqual(
    [request.name, request.namespace, request.operation, request.dryRun, request.oldObject],
    ['a', 'shop', 'CREATE', false, null],
  )
  assert.equal(request.object.data.x, '1')
  assert.deepEqual(request.options, {
    kind: 'CreateOptions',
    apiVersion: 'meta.k8s.io/v1',
  })
  assert.match(hook.paths[0]!, /^\/v\.example\.com\?timeout=10s$/)
  answer = () => ({ allowed: false })
  await assert.rejects(configMap('a'), {
    message: 'admission webhook "v.example.com" denied the request without explanation',
    code: 400,
  })
})

test('a webhook that warns is heard', async () => {
  answer = () => ({ allowed: true, warnings: ['careful'] })
  await configure('Validating', webhook('v.example.com'))
  const write = api.write()
  const value = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name: 'a' } }
  await api.api.create(api.target('configmaps', 'shop'), { value }, write)
  assert.deepEqual(write.warnings, ['careful'])
})

test('patches change the object, defaults come to what they add, and it is still checked', async () => {
  answer = () =>
    patchAnswer(
      { op: 'add', path: '/metadata/labels', value: { by: 'hook' } },
      { op: 'add', path: '/spec/initContainers', value: [{ name: 'i', image: 'x:latest' }] },
    )
  await configure('Mutating', webhook('m.example.com', { rules: [rule(['pods'])] }))
  const pod = (name: string): Promise<Pod> =>
    api.create('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'shop', name },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    }) as unknown as Promise<Pod>
  const { metadata, spec } = await pod('a')
  assert.deepEqual(metadata.labels, { by: 'hook' })
  assert.equal(spec?.initContainers?.[0]?.imagePullPolicy, 'Always')
  answer = () => patchAnswer({ op: 'replace', path: '/spec/containers/0/name', value: 'BAD' })
  await assert.rejects(pod('b'), /Pod "b" is invalid: spec\.containers\[0\]\.name: Invalid value: "BAD"/)
  answer = () => patchAnswer({ op: 'remove', path: '/spec/nothing' })
  await assert.rejects(pod('c'), { code: 500 })
})

test('a webhook that fails lets nothing in, or everything when it may be passed over', async () => {
  answer = () => undefined
  await configure('Validating', webhook('slow.example.com', { timeoutSeconds: 1 }))
  await assert.rejects(configMap('a'), {
    code: 500,
    message: `Internal error occurred: failed calling webhook "slow.example.com": failed to call webhook: Post "${hook.url}/slow.example.com?timeout=1s": context deadline exceeded`,
  })
  answer = () => ({ uid: 'other', allowed: true })
  await assert.rejects(
    configMap('a'),
    /received invalid webhook response: expected response\.uid="[-0-9a-f]+", got "other"/,
  )
  const distrusted = { url: hook.url, caBundle: Buffer.from('').toString('base64') }
  await configure(
    'Validating',
    webhook('open.example.com', { failurePolicy: 'Ignore', clientConfig: distrusted }),
  )
  answer = () => ({ allowed: true })
  await configMap('a')
})

test('selectors choose by the labels of namespace and object', async () => {
  answer = () => ({ allowed: false })
  await configure(
    'Validating',
    webhook('v.example.com', {
      namespaceSelector: { matchLabels: { hooks: 'yes' } },
      objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] },
    }),
  )
  await assert.rejects(configMap('a'), { code: 400 })
  await configMap('a', { metadata: { labels: { skip: '' } } })
  await configMap('b', { metadata: { namespace: 'default' } })
})

test('an equivalent version is asked about in the version of the rule', async () => {
  const rules = [rule(['horizontalpodautoscalers'], ['CREATE'], ['autoscaling'], ['v1'])]
  answer = () => patchAnswer({ op: 'add', path: '/spec/targetCPUUtilizationPercentage', value: 55 })
  await configure('Mutating', webhook('m.example.com', { rules }))
  const made = await api.create('autoscaling/v2/horizontalpodautoscalers', {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { namespace: 'shop', name: 'h' },
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } },
  })
  const { request } = hook.reviews[0]!
  assert.deepEqual(
    [request.kind.version, request.requestKind.version, request.object.apiVersion],
    ['v1', 'v2', 'autoscaling/v1'],
  )
  assert.equal(made.apiVersion, 'autoscaling/v2')
  assert.deepEqual(made.spec, {
    maxReplicas: 3,
    minReplicas: 1,
    scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' },
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 55 } },
      },
    ],
  })
})

test('a webhook that wants to is asked again when a later one changed the object', async () => {
  answer = ({ request }, path) =>
    path.startsWith('/second')
      ? patchAnswer({ op: 'add', path: '/data', value: { n: '2' } })
      : patchAnswer({
          op: 'add',
          path: '/metadata/annotations',
          value: { saw: request.object.data?.n ?? '0' },
        })
  await configure(
    'Mutating',
    webhook('first.example.com', { reinvocationPolicy: 'IfNeeded' }),
    webhook('second.example.com'),
  )
  const { metadata } = await configMap('a')
  assert.equal(metadata?.annotations?.saw, '2')
  assert.deepEqual(
    hook.paths.map((path) => path.split('?')[0]),
    ['/first.example.com', '/second.example.com', '/first.example.com'],
  )
})

test('after webhooks all plugins see the object again', async () => {
  answer = () =>
    patchAnswer({ op: 'add', path: '/spec/containers/-', value: { name: 'sidecar', image: 's' } })
  await configure('Mutating', webhook('m.example.com', { rules: [rule(['pods'])] }))
  const { spec } = (await api.create('pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'a' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  })) as unknown as Pod
  assert.equal(hook.reviews.length, 1)
  const [first, second] = spec!.containers.map(({ volumeMounts }) => volumeMounts)
  assert.deepEqual(first, second)
  assert.equal(spec?.volumes?.length, 1)
})

test('match conditions', async () => {
  answer = () => ({ allowed: false })
  const conditions = (...expressions: string[]) => ({
    matchConditions: expressions.map((expression, index) => ({ name: `c${index}`, expression })),
  })
  const configuration = await configure(
    'Validating',
    webhook(
      'v.example.com',
      conditions(
        'request.operation == "CREATE" && object.metadata.name.startsWith("x")',
        'request.userInfo.username != "nobody" && authorizer.requestResource.check("delete").allowed()',
        'object.data.must == "be"',
      ),
    ),
  )
  await configMap('a')
  await assert.rejects(configMap('x-1', { data: { must: 'be' } }), { code: 400 })
  await configMap('x-1', { data: { must: 'not' } })
  await assert.rejects(configMap('x-2'), {
    code: 403,
    message:
      'configmaps "x-2" is forbidden: expression \'object.data.must == "be"\' resulted in error: no such key: data',
  })
  const { name } = configuration.metadata!
  const target = api.target(`${group}/validatingwebhookconfigurations`, '', name)
  const webhooks = [
    webhook('v.example.com', { ...conditions('object.data.must == "be"'), failurePolicy: 'Ignore' }),
  ]
  await api.api.update(target, { value: { ...configuration, webhooks } }, api.write())
  await configMap('x-2')
  assert.equal(hook.reviews.length, 1)
})

test('dry runs are told, and refused where there are side effects', async () => {
  await configure('Validating', webhook('v.example.com', { sideEffects: 'NoneOnDryRun' }))
  await configMap('a', {}, true)
  assert.equal(hook.reviews[0]!.request.dryRun, true)
})

test('deletions and connections are asked about too', async () => {
  await configure('Validating', webhook('v.example.com', { rules: [rule(['*/*'], ['DELETE', 'UPDATE'])] }))
  await configMap('a')
  await api.api.delete(api.target('configmaps', 'shop', 'a'), {}, api.write())
  const { request } = hook.reviews[0]!
  assert.deepEqual([request.operation, request.object], ['DELETE', null])
  assert.equal(request.oldObject.metadata.name, 'a')
})

test('a service’s webhook is found at its endpoints, under the service’s name', async () => {
  await using inCluster = await startTestWebhook(
    () => ({ allowed: false, status: { message: 'from the cluster' } }),
    ['hook.shop.svc'],
  )
  const clientConfig = {
    service: { namespace: 'shop', name: 'hook', path: '/x' },
    caBundle: inCluster.caBundle,
  }
  await configure('Validating', webhook('v.example.com', { clientConfig }))
  await assert.rejects(configMap('a'), /failed calling webhook "v\.example\.com": .*service "hook" not found/)
  await api.create('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'hook' },
    spec: { ports: [{ port: 443, targetPort: inCluster.port }] },
  })
  await assert.rejects(configMap('a'), /no endpoints available for service "hook"/)
  // Straight into the store: nobody else may have an endpoint at home.
  await put(api.store, endpointSlices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: inCluster.port }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
  })
  await assert.rejects(configMap('a'), {
    message: 'admission webhook "v.example.com" denied the request: from the cluster',
  })
  assert.deepEqual(inCluster.paths, ['/x?timeout=10s'])
})

test('a broken webhook does not stand in the way of its own configuration', async () => {
  answer = () => ({ allowed: false })
  await configure('Validating', webhook('all.example.com', { rules: [rule(['*'], ['*'], ['*'], ['*'])] }))
  await configure('Validating', webhook('more.example.com'))
})

test('a webhook that was restarted is called over a new connection', async () => {
  await configure('Validating', webhook('v.example.com'))
  await configMap('a')
  hook.dropConnections()
  await configMap('b')
  assert.equal(hook.reviews.length, 2)
})
