import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { KubeObject } from '../../../api/kube-object.ts'
import type { Pod } from '../../../api/types/core-v1.ts'
import type { UserInfo } from '../../auth/user-info.ts'
import { createTestApi, type TestApi } from '../../testing/test-api.ts'

const group = 'admissionregistration.k8s.io/v1'
let api: TestApi

beforeEach(async () => {
  api = await createTestApi()
  const labels = { env: 'prod' }
  await api.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } })
  await api.create('serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace: 'shop', name: 'default' },
  })
})

afterEach(() => api.close())

const rules = (
  resources: string[],
  apiGroups = [''],
  apiVersions = ['v1'],
  operations = ['CREATE', 'UPDATE'],
) => ({
  resourceRules: [{ operations, apiGroups, apiVersions, resources }],
})

/** A policy about ConfigMaps, and a binding of it. */
async function policy(
  type: 'Validating' | 'Mutating',
  name: string,
  spec: object,
  binding: object = {},
): Promise<void> {
  const base = `${group}/${type.toLowerCase()}admissionpolic`
  await api.create(`${base}ies`, {
    apiVersion: group,
    kind: `${type}AdmissionPolicy`,
    metadata: { name },
    spec: {
      matchConstraints: rules(['configmaps']),
      ...(type === 'Mutating' && { reinvocationPolicy: 'Never' }),
      ...spec,
    },
  })
  await api.create(`${base}ybindings`, {
    apiVersion: group,
    kind: `${type}AdmissionPolicyBinding`,
    metadata: { name: `${name}-binding` },
    spec: { policyName: name, ...(type === 'Validating' && { validationActions: ['Deny'] }), ...binding },
  })
}

function configMap(
  name: string,
  data: object = {},
  more: KubeObject = {},
  user?: UserInfo,
): Promise<KubeObject> {
  return api.create(
    'configmaps',
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      data,
      ...more,
      metadata: { namespace: 'shop', name, ...more.metadata },
    },
    user && { user },
  )
}

const denial = (by: string, why: string, what = 'configmaps "a"') =>
  `${what} is forbidden: ValidatingAdmissionPolicy '${by}' with binding '${by}-binding' denied request: ${why}`

test('what an expression says decides, and its message is computed, given, or the expression', async () => {
  await policy('Validating', 'p', {
    variables: [
      { name: 'size', expression: 'object.data.size()' },
      { name: 'double', expression: 'variables.size * 2' },
    ],
    validations: [
      {
        expression: 'variables.double <= 4',
        messageExpression:
          '"too many: " + string(variables.size) + " in " + namespaceObject.metadata.labels.env',
      },
      { expression: '!("bad" in object.data)', message: 'no bad keys', reason: 'Forbidden' },
      { expression: 'object.metadata.name != "evil"' },
    ],
  })
  await configMap('ok', { a: '1', b: '2' })
  await assert.rejects(configMap('a', { a: '1', b: '2', c: '3' }), {
    code: 422,
    reason: 'Invalid',
    message: denial('p', 'too many: 3 in prod'),
  })
  await assert.rejects(configMap('a', { bad: '' }), {
    code: 403,
    reason: 'Forbidden',
    message: denial('p', 'no bad keys'),
  })
  await assert.rejects(configMap('evil', { a: '' }), {
    message: denial('p', 'failed expression: object.metadata.name != "evil"', 'configmaps "evil"'),
  })
})

test('updates and deletions; who asks; what the user may do', async () => {
  await policy('Validating', 'p', {
    matchConstraints: rules(['configmaps'], [''], ['v1'], ['UPDATE', 'DELETE']),
    matchConditions: [{ name: 'not-admins', expression: '!("system:masters" in request.userInfo.groups)' }],
    validations: [
      { expression: 'request.operation == "DELETE" || object.data.n.size() >= oldObject.data.n.size()' },
      {
        expression:
          'request.operation != "DELETE" || authorizer.group("").resource("secrets").namespace(request.namespace).check("delete").allowed()',
        message: 'who may not delete secrets may not delete this',
      },
    ],
  })
  const made = await configMap('a', { n: 'xx' })
  const jane: UserInfo = { username: 'jane', groups: ['system:authenticated'] }
  const target = api.target('configmaps', 'shop', 'a')
  const value = { ...made, data: { n: 'x' } }
  await assert.rejects(api.api.update(target, { value }, api.write({ user: jane })), { code: 422 })
  await assert.rejects(api.api.delete(target, {}, api.write({ user: jane })), {
    message: denial('p', 'who may not delete secrets may not delete this'),
  })
  await api.api.update(target, { value }, api.write())
  await api.api.delete(target, {}, api.write())
})

test('bindings warn or deny, and choose by labels', async () => {
  const spec = { validations: [{ expression: 'false', message: 'no' }] }
  await policy('Validating', 'warns', spec, { validationActions: ['Warn', 'Audit'] })
  await policy('Validating', 'denies', spec, {
    matchResources: {
      objectSelector: { matchLabels: { strict: 'yes' } },
      excludeResourceRules: [{ ...rules(['configmaps']).resourceRules[0], resourceNames: ['free'] }],
    },
  })
  const write = api.write()
  const value = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name: 'a' } }
  await api.api.create(api.target('configmaps', 'shop'), { value }, write)
  assert.deepEqual(write.warnings, [
    "Validation failed for ValidatingAdmissionPolicy 'warns' with binding 'warns-binding': no",
  ])
  const labels = { strict: 'yes' }
  await assert.rejects(configMap('b', {}, { metadata: { labels } }), {
    message: denial('denies', 'no', 'configmaps "b"'),
  })
  await configMap('free', {}, { metadata: { labels } })
})

test('parameters: one by name, several by labels, none', async () => {
  const limits = (name: string, max: number, namespace: string) =>
    configMap(name, { max: String(max) }, { metadata: { namespace, name, labels: { limits: 'yes' } } })
  await limits('limit-1', 3, 'default')
  await limits('limit-2', 2, 'default')
  const spec = {
    matchConstraints: rules(['secrets']),
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [
      {
        expression: 'object.data.size() <= int(params.data.max)',
        messageExpression: '"at most " + params.data.max',
      },
    ],
  }
  const secret = (name: string, keys: number): Promise<KubeObject> =>
    api.create('secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'shop', name },
      data: Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, 'eA=='])),
    })
  await policy('Validating', 'one', spec, {
    paramRef: { name: 'limit-1', namespace: 'default', parameterNotFoundAction: 'Deny' },
  })
  await secret('a', 3)
  await assert.rejects(secret('b', 4), { message: denial('one', 'at most 3', 'secrets "b"') })
  await policy('Validating', 'all', spec, {
    paramRef: {
      selector: { matchLabels: { limits: 'yes' } },
      namespace: 'default',
      parameterNotFoundAction: 'Allow',
    },
  })
  await assert.rejects(secret('b', 3), { message: denial('all', 'at most 2', 'secrets "b"') })
  await api.api.delete(api.target('configmaps', 'default', 'limit-1'), {}, api.write())
  await assert.rejects(secret('b', 1), {
    message: denial(
      'one',
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
      'secrets "b"',
    ),
  })
  const unknown = { ...spec, paramKind: { apiVersion: 'x.example.com/v1', kind: 'Limit' } }
  await policy('Validating', 'a-unknown', unknown, {
    paramRef: { name: 'l', parameterNotFoundAction: 'Allow' },
  })
  await assert.rejects(secret('b', 1), {
    message:
      "secrets \"b\" is forbidden: ValidatingAdmissionPolicy 'a-unknown' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'x.example.com/v1, Kind=Limit'",
  })
})

test('expressions that fail deny, unless the policy says to ignore that', async () => {
  const validations = [{ expression: 'object.data.missing == "x"' }]
  await policy('Validating', 'ignores', { validations, failurePolicy: 'Ignore' })
  await configMap('a')
  await policy('Validating', 'fails', { validations })
  await assert.rejects(configMap('b', { x: '' }), {
    message: denial(
      'fails',
      'expression \'object.data.missing == "x"\' resulted in error: no such key: missing',
      'configmaps "b"',
    ),
  })
})

test('an endless expression is stopped', async () => {
  await policy('Validating', 'p', {
    validations: [
      {
        expression:
          'object.data.all(a, object.data.all(b, object.data.all(c, object.data.all(d, a + b + c + d != "x"))))',
      },
    ],
  })
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`key-${index}`, '']))
  await assert.rejects(configMap('a', many), /actual cost limit exceeded/)
})

test('policies do not keep themselves from being changed', async () => {
  await policy('Validating', 'p', {
    matchConstraints: rules(['*'], ['*'], ['*']),
    validations: [{ expression: 'false' }],
  })
  await assert.rejects(configMap('a'), { code: 422 })
  const target = api.target(`${group}/validatingadmissionpolicies`, '', 'p')
  await api.api.update(target, { value: await api.api.get(target) }, api.write())
})

test('mutations by configuration', async () => {
  await policy('Mutating', 'sidecar', {
    matchConstraints: rules(['pods']),
    matchConditions: [{ name: 'once', expression: '!object.spec.containers.exists(c, c.name == "proxy")' }],
    variables: [{ name: 'image', expression: '"proxy:" + namespaceObject.metadata.labels.env' }],
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: {
          expression: `Object{
            metadata: Object.metadata{labels: {"sidecar": "yes"}},
            spec: Object.spec{containers: [Object.spec.containers{name: "proxy", image: variables.image}]}
          }`,
        },
      },
    ],
  })
  const { metadata, spec } = (await api.create('pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'a', labels: { app: 'x' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  })) as unknown as Pod
  assert.deepEqual(metadata.labels, { app: 'x', sidecar: 'yes' })
  assert.deepEqual(
    spec?.containers.map(({ name, image, imagePullPolicy, volumeMounts }) => [
      name,
      image,
      imagePullPolicy,
      volumeMounts?.length,
    ]),
    [
      ['c', 'i', 'Always', 1],
      ['proxy', 'proxy:prod', 'IfNotPresent', 1],
    ],
  )
})

test('mutations by JSON patch; tests that fail, and what cannot be applied', async () => {
  await policy('Mutating', 'm', {
    mutations: [
      {
        patchType: 'JSONPatch',
        jsonPatch: {
          expression: `[
            JSONPatch{op: "add", path: "/metadata/annotations", value: {"seen/" + object.metadata.name: "yes"}},
            JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("a/b"), value: string(object.data.size())}
          ]`,
        },
      },
      {
        patchType: 'JSONPatch',
        jsonPatch: {
          expression: `[
            JSONPatch{op: "test", path: "/data/n", value: "1"},
            JSONPatch{op: "replace", path: "/data/n", value: "2"}
          ]`,
        },
      },
    ],
  })
  const first = await configMap('a', { n: '1' })
  assert.deepEqual(first.metadata?.annotations, { 'seen/a': 'yes', 'a/b': '1' })
  assert.deepEqual(first.data, { n: '2' })
  const second = await configMap('b', { n: '3' })
  assert.deepEqual(second.data, { n: '3' })
  await policy('Mutating', 'n', {
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: {
          expression: 'Object{spec: Object.spec{nothing: 1}}',
        },
      },
    ],
  })
  await assert.rejects(configMap('c', { n: '3' }), {
    code: 403,
    reason: 'Invalid',
    message:
      "policy 'n' with binding 'n-binding' denied request: error applying patch: failed to convert patch object to typed object: .spec: field not declared in schema",
  })
})

test('a policy that wants to sees what others changed', async () => {
  const add = (key: string, condition: string) => ({
    matchConditions: [{ name: 'c', expression: condition }],
    reinvocationPolicy: 'IfNeeded',
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: { expression: `Object{data: Object.data{${key}: "yes"}}` },
      },
    ],
  })
  await policy('Mutating', 'a', add('late', 'has(object.data) && "early" in object.data'))
  await policy('Mutating', 'b', add('early', 'true'))
  const { data } = await configMap('x', { k: 'v' })
  // The first one was not called in the first round, so it is not called again either.
  assert.deepEqual(data, { k: 'v', early: 'yes' })
})
