import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import { ApiError } from '../../api/api-error.ts'
import type { Client } from '../../client/client.ts'
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
} from '../../client/resources.ts'
import { silentLogger } from '../../log.ts'
import { memoryStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import type { Auth } from './auth.ts'
import type { Credentials } from './authenticator.ts'
import { defaultPolicy } from './bootstrap-policy/default-policy.ts'
import { createAuth } from './create-auth.ts'
import { issue, testCa } from './testing/certificates.ts'
import { put, remove } from './testing/put.ts'
import { legacyClaims } from './tokens/legacy-token-authenticator.ts'
import type { UserInfo } from './user-info.ts'

const ca = testCa()
const proxyCa = testCa('front-proxy')
const issuer = 'https://kubernetes.default.svc.cluster.local'
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const listPods = { verb: 'list', group: '', version: 'v1', resource: 'pods', namespace: 'default' }

let store: Store
let auth: Auth
let now: number
const patches: unknown[] = []

beforeEach(() => {
  store = memoryStore()
  now = Date.now()
  patches.length = 0
  auth = createAuth({
    store,
    // Only the note of a legacy token's last use goes through it here.
    client: { patch: async (...patch: unknown[]) => patches.push(patch) } as unknown as Client,
    clientCa: ca.pem,
    frontProxyCa: proxyCa.pem,
    serviceAccount: { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), issuer },
    externalAddress: '10.0.0.1:8443',
    tokenFile: 'secret-1,jane,u-1,"dev,ops"\n',
    log: silentLogger,
    now: () => now,
  })
})

const identify = (credentials: Partial<Credentials>) =>
  auth.identify({ headers: {}, ...credentials }, listPods)
const withCertificate = (pem: string, rawHeaders: string[] = []) =>
  identify({ peerCertificate: new X509Certificate(pem), rawHeaders })
const bearer = (token: string) => identify({ headers: { authorization: `Bearer ${token}` } })
const unauthorized = (error: unknown) => error instanceof ApiError && error.reason === 'Unauthorized'

async function serviceAccount(name = 'default') {
  return put(store, serviceAccounts, { metadata: { namespace: 'default', name } })
}

async function requestToken(spec: object = {}, name = 'default') {
  const answer = await auth.handlers.get('core/serviceaccounts/token')!({
    object: { spec },
    namespace: 'default',
    name,
    user: { username: 'test', groups: [] },
    warn: () => {},
  })
  return (answer.status as { token: string; expirationTimestamp: string }).token
}

const review = (
  handler: string,
  spec: object,
  user: UserInfo = { username: 'test', groups: [] },
  namespace = '',
) => auth.handlers.get(handler)!({ object: { spec }, namespace, name: '', user, warn: () => {} })

async function grantAll(...objects: Parameters<typeof put>[]) {
  for (const each of objects) await put(...each)
}

test('no credentials: anonymous', async () => {
  assert.deepEqual(await identify({}), { username: 'system:anonymous', groups: ['system:unauthenticated'] })
})

test('client certificates: common name and organizations', async () => {
  const user = await withCertificate(issue('jane', ['dev', 'a, b'], ca).pem)
  assert.equal(user.username, 'jane')
  assert.deepEqual(user.groups.toSorted(), ['a, b', 'dev', 'system:authenticated'])
  assert.match(user.extra!['authentication.kubernetes.io/credential-id']![0]!, /^X509SHA256=[0-9a-f]{64}$/)
})

test('client certificates of another CA, expired, or for servers are refused', async () => {
  await assert.rejects(withCertificate(issue('jane', [], testCa()).pem), unauthorized)
  await assert.rejects(withCertificate(issue('jane', [], ca, { notAfter: now - 1000 }).pem), unauthorized)
  await assert.rejects(withCertificate(issue('jane', [], ca, { server: ['x'] }).pem), unauthorized)
  // An impostor with the CA's name but another key.
  await assert.rejects(withCertificate(issue('jane', [], testCa('test-ca')).pem), unauthorized)
})

test('a remembered certificate still expires', async () => {
  const { pem } = issue('jane', [], ca)
  await withCertificate(pem)
  now += 2 * 86_400_000
  await assert.rejects(withCertificate(pem), unauthorized)
})

test('the front proxy says who it speaks for; others may not', async () => {
  const headers = [
    'X-Remote-User',
    'bob',
    'X-Remote-Group',
    'g1',
    'X-Remote-Group',
    'g,2',
    'X-Remote-Extra-Acme.com%2fScope',
    's',
  ]
  const proxied = await withCertificate(issue('proxy', [], proxyCa).pem, headers)
  assert.deepEqual(proxied, {
    username: 'bob',
    groups: ['g1', 'g,2', 'system:authenticated'],
    extra: { 'acme.com/scope': ['s'] },
  })
  const direct = await withCertificate(issue('jane', [], ca).pem, headers)
  assert.equal(direct.username, 'jane')
})

test('static tokens; a wrong token is no anonymous', async () => {
  const user = await bearer('secret-1')
  assert.deepEqual(user, { username: 'jane', uid: 'u-1', groups: ['dev', 'ops', 'system:authenticated'] })
  await assert.rejects(bearer('secret-2'), unauthorized)
})

test('a WebSocket may bring its token as a subprotocol, which is not echoed', async () => {
  const token = Buffer.from('secret-1').toString('base64url')
  const headers = {
    upgrade: 'websocket',
    'sec-websocket-protocol': `v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.${token}`,
  }
  assert.equal((await identify({ headers })).username, 'jane')
  assert.equal(headers['sec-websocket-protocol'], 'v4.channel.k8s.io')
})

test('service account tokens', async () => {
  const account = await serviceAccount()
  const user = await bearer(await requestToken())
  assert.equal(user.username, 'system:serviceaccount:default:default')
  assert.equal(user.uid, account.metadata.uid)
  assert.deepEqual(user.groups, [
    'system:serviceaccounts',
    'system:serviceaccounts:default',
    'system:authenticated',
  ])
})

test('service account tokens end: by time, with the account, by another signature', async () => {
  await serviceAccount()
  const token = await requestToken({ expirationSeconds: 600 })
  const [head, , signature] = token.split('.')
  const forged = Buffer.from(JSON.stringify({ iss: issuer, sub: 'system:serviceaccount:kube-system:admin' }))
  await assert.rejects(bearer(`${head}.${forged.toString('base64url')}.${signature}`), unauthorized)
  now += 659_000
  await bearer(token)
  now += 3_000
  await assert.rejects(bearer(token), unauthorized)
  const young = await requestToken()
  await remove(store, serviceAccounts, 'default', 'default')
  await assert.rejects(bearer(young), unauthorized)
  await serviceAccount()
  await assert.rejects(bearer(young), unauthorized, 'a namesake of another uid')
})

test('tokens of a pod: bound, extended, with the node', async () => {
  await serviceAccount()
  await put(store, nodes, { metadata: { name: 'n1' } })
  const pod = await put(store, pods, {
    metadata: { namespace: 'default', name: 'web' },
    spec: { serviceAccountName: 'default', nodeName: 'n1' },
  })
  const bound = { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: pod.metadata.uid } }
  const token = await requestToken({ ...bound, expirationSeconds: 3607 })
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
  assert.equal(claims.exp - claims.iat, 365 * 24 * 3600)
  assert.equal(claims['kubernetes.io'].warnafter - claims.iat, 3607)
  assert.equal(claims['kubernetes.io'].node.name, 'n1')
  const user = await bearer(token)
  assert.deepEqual(user.extra!['authentication.kubernetes.io/pod-name'], ['web'])
  assert.deepEqual(user.extra!['authentication.kubernetes.io/node-name'], ['n1'])
  await remove(store, pods, 'default', 'web')
  await assert.rejects(bearer(token), unauthorized)
})

test('TokenRequest refuses what upstream refuses', async () => {
  await serviceAccount()
  await assert.rejects(requestToken({ expirationSeconds: 10 }), {
    message:
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes',
  })
  await assert.rejects(requestToken({}, 'nobody'), { message: 'serviceaccounts "nobody" not found' })
  await assert.rejects(requestToken({ boundObjectRef: { apiVersion: 'apps/v1', kind: 'Deployment' } }), {
    message: 'cannot bind token to object of type apps/v1, Kind=Deployment',
  })
})

test('TokenReview: audiences, errors', async () => {
  await serviceAccount()
  const token = await requestToken({ audiences: ['vault'] })
  await assert.rejects(bearer(token), unauthorized, 'not for this API server')
  const good = await review('authentication.k8s.io/tokenreviews', { token, audiences: ['vault', 'x'] })
  assert.deepEqual((good.status as { audiences: string[] }).audiences, ['vault'])
  assert.equal((good.status as { authenticated: boolean }).authenticated, true)
  const bad = await review('authentication.k8s.io/tokenreviews', { token })
  assert.equal(
    (bad.status as { error: string }).error,
    `[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["${issuer}"]]`,
  )
})

test('legacy tokens: as the secret says now, and the day of use is noted', async () => {
  const account = await serviceAccount()
  const token = auth.signer.sign(legacyClaims(account, 'token-1'))
  const secret = {
    metadata: { namespace: 'default', name: 'token-1' },
    type: 'kubernetes.io/service-account-token',
    data: { token: Buffer.from(token).toString('base64') },
  }
  await put(store, secrets, secret)
  assert.equal((await bearer(token)).username, 'system:serviceaccount:default:default')
  assert.equal(patches.length, 1)
  await put(store, secrets, { ...secret, data: { token: 'b3RoZXI=' } })
  await assert.rejects(bearer(token), unauthorized)
  await remove(store, secrets, 'default', 'token-1')
  await assert.rejects(bearer(token), unauthorized)
})

test('bootstrap tokens', async () => {
  const encode = (data: Record<string, string>) =>
    Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))
  const data = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:kubeadm',
    expiration: new Date(now + 1000).toISOString(),
  }
  const metadata = { namespace: 'kube-system', name: 'bootstrap-token-abcdef' }
  await put(store, secrets, { metadata, type: 'bootstrap.kubernetes.io/token', data: encode(data) })
  assert.deepEqual(await bearer('abcdef.0123456789abcdef'), {
    username: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers', 'system:bootstrappers:kubeadm', 'system:authenticated'],
  })
  await assert.rejects(bearer('abcdef.0123456789abcdee'), unauthorized)
  now += 2000
  await assert.rejects(bearer('abcdef.0123456789abcdef'), unauthorized)
})

test('RBAC: roles, cluster roles, the reason, and the words of a refusal', async () => {
  const jane = { username: 'jane', groups: ['system:authenticated'] }
  await assert.rejects(auth.authorize({ ...listPods, user: jane }), {
    message:
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    code: 403,
  })
  await grantAll(
    [
      store,
      roles,
      {
        metadata: { namespace: 'default', name: 'reader' },
        rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', '*/log'] }],
      },
    ],
    [
      store,
      roleBindings,
      {
        metadata: { namespace: 'default', name: 'b' },
        roleRef: { kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'User', name: 'jane' }],
      },
    ],
  )
  const decision = await auth.authorizer.authorize({ ...listPods, user: jane })
  assert.equal(decision.reason, 'RBAC: allowed by RoleBinding "b/default" of Role "reader" to User "jane"')
  await auth.authorize({ ...listPods, subresource: 'log', verb: 'get', user: jane })
  await assert.rejects(auth.authorize({ ...listPods, namespace: 'other', user: jane }))
  await assert.rejects(auth.authorize({ ...listPods, namespace: '', user: jane }))
  await remove(store, roles, 'default', 'reader')
  await assert.rejects(auth.authorize({ ...listPods, user: jane }), {
    message: /in the namespace "default": RBAC: role.rbac.authorization.k8s.io "reader" not found$/,
  })
  await remove(store, roleBindings, 'default', 'b')
  await grantAll(
    [
      store,
      clusterRoles,
      { metadata: { name: 'health' }, rules: [{ verbs: ['get'], nonResourceURLs: ['/healthz*'] }] },
    ],
    [
      store,
      clusterRoleBindings,
      {
        metadata: { name: 'h' },
        roleRef: { kind: 'ClusterRole', name: 'health' },
        subjects: [{ kind: 'Group', name: 'system:authenticated' }],
      },
    ],
  )
  await auth.authorize({ user: jane, verb: 'get', path: '/healthz/etcd' })
  await assert.rejects(auth.authorize({ user: jane, verb: 'get', path: '/metrics' }), {
    message: 'forbidden: User "jane" cannot get path "/metrics"',
  })
})

test('system:masters may do everything without any role', async () => {
  await auth.authorize({ ...listPods, user: { username: 'x', groups: ['system:masters'] } })
})

test('nodes read what their own pods use', async () => {
  const user = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }
  const can = async (verb: string, resource: string, name: string, more: object = {}) =>
    (
      await auth.authorizer.authorize({
        user,
        verb,
        group: '',
        resource,
        namespace: 'default',
        name,
        ...more,
      })
    ).allowed
  await put(store, pods, {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      nodeName: 'n1',
      serviceAccountName: 'default',
      containers: [{ env: [{ valueFrom: { secretKeyRef: { name: 's-env' } } }] }],
      volumes: [
        { name: 'a', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
        { name: 'data', persistentVolumeClaim: { claimName: 'claim' } },
      ],
    },
  })
  await put(store, pods, {
    metadata: { namespace: 'default', name: 'far' },
    spec: { nodeName: 'n2', imagePullSecrets: [{ name: 's-far' }] },
  })
  await put(store, persistentVolumeClaims, {
    metadata: { namespace: 'default', name: 'claim' },
    spec: { volumeName: 'pv' },
  })
  await put(store, persistentVolumes, {
    metadata: { name: 'pv' },
    spec: {
      claimRef: { namespace: 'default', name: 'claim' },
      csi: { nodeStageSecretRef: { name: 's-csi', namespace: 'default' } },
    },
  })
  await put(store, configMaps, { metadata: { namespace: 'default', name: 'other' } })
  assert.equal(await can('get', 'secrets', 's-env'), true)
  assert.equal(await can('watch', 'secrets', 's-env'), true)
  assert.equal(await can('get', 'secrets', 's-csi'), true)
  assert.equal(await can('get', 'secrets', 's-far'), false)
  assert.equal(await can('list', 'secrets', ''), false)
  assert.equal(await can('update', 'secrets', 's-env'), false)
  assert.equal(await can('get', 'configmaps', 'kube-root-ca.crt'), true)
  assert.equal(await can('get', 'configmaps', 'other'), false)
  assert.equal(await can('get', 'persistentvolumes', 'pv', { namespace: '' }), true)
  assert.equal(await can('get', 'persistentvolumeclaims', 'claim'), true)
  assert.equal(await can('create', 'serviceaccounts', 'default', { subresource: 'token' }), true)
  assert.equal(await can('create', 'serviceaccounts', 'admin', { subresource: 'token' }), false)
  assert.equal(await can('list', 'pods', '', { fieldSelector: 'spec.nodeName=n1' }), true)
  assert.equal(await can('list', 'pods', '', { fieldSelector: 'spec.nodeName=n2' }), false)
  assert.equal(await can('get', 'nodes', 'n1', { namespace: '' }), true)
  assert.equal(await can('get', 'nodes', 'n2', { namespace: '' }), false)
  assert.equal(
    await can('update', 'leases', 'n1', { group: 'coordination.k8s.io', namespace: 'kube-node-lease' }),
    true,
  )
  assert.equal(await can('list', 'services', '', { namespace: '' }), true)
  await remove(store, pods, 'default', 'web')
  assert.equal(await can('get', 'secrets', 's-env'), false)
})

test('impersonation needs a right to it, and brings the groups that belong to the name', async () => {
  const { pem } = issue('jane', [], ca)
  const as = (...headers: string[]) => withCertificate(pem, headers)
  await assert.rejects(as('Impersonate-User', 'bob'), {
    message:
      'pods is forbidden: User "jane" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"',
  })
  await grantAll(
    [
      store,
      clusterRoles,
      {
        metadata: { name: 'imp' },
        rules: [
          { verbs: ['impersonate'], apiGroups: [''], resources: ['users', 'groups', 'serviceaccounts'] },
        ],
      },
    ],
    [
      store,
      clusterRoleBindings,
      {
        metadata: { name: 'imp' },
        roleRef: { kind: 'ClusterRole', name: 'imp' },
        subjects: [{ kind: 'User', name: 'jane' }],
      },
    ],
  )
  assert.deepEqual(
    await as('Impersonate-User', 'bob', 'Impersonate-Group', 'g1', 'impersonate-group', 'g2'),
    {
      username: 'bob',
      groups: ['g1', 'g2', 'system:authenticated'],
    },
  )
  assert.deepEqual(await as('Impersonate-User', 'system:serviceaccount:default:default'), {
    username: 'system:serviceaccount:default:default',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
  })
  await assert.rejects(as('Impersonate-Group', 'g1'), { code: 400 })
  await assert.rejects(as('Impersonate-User', 'bob', 'Impersonate-Extra-Scope', 'x'), { code: 403 })
})

test('constrained impersonation: for one verb only', async () => {
  await grantAll(
    [
      store,
      clusterRoles,
      {
        metadata: { name: 'imp' },
        rules: [
          {
            verbs: ['impersonate:user-info'],
            apiGroups: ['authentication.k8s.io'],
            resources: ['users'],
            resourceNames: ['bob'],
          },
          { verbs: ['impersonate-on:user-info:list'], apiGroups: [''], resources: ['pods'] },
        ],
      },
    ],
    [
      store,
      clusterRoleBindings,
      {
        metadata: { name: 'imp' },
        roleRef: { kind: 'ClusterRole', name: 'imp' },
        subjects: [{ kind: 'User', name: 'jane' }],
      },
    ],
  )
  const credentials = {
    headers: {},
    peerCertificate: new X509Certificate(issue('jane', [], ca).pem),
    rawHeaders: ['Impersonate-User', 'bob'],
  }
  assert.equal((await auth.identify(credentials, listPods)).username, 'bob')
  await assert.rejects(auth.identify(credentials, { ...listPods, verb: 'delete' }), { code: 403 })
})

test('access reviews', async () => {
  const user = { username: 'jane', groups: ['system:masters'] }
  const resourceAttributes = { verb: 'get', resource: 'pods', namespace: 'default' }
  const self = await review('authorization.k8s.io/selfsubjectaccessreviews', { resourceAttributes }, user)
  assert.deepEqual(self.status, { allowed: true })
  const other = await review(
    'authorization.k8s.io/subjectaccessreviews',
    { resourceAttributes, user: 'bob' },
    user,
  )
  assert.deepEqual(other.status, { allowed: false })
  await assert.rejects(review('authorization.k8s.io/subjectaccessreviews', { resourceAttributes }, user), {
    message:
      'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
  })
  await assert.rejects(
    review(
      'authorization.k8s.io/localsubjectaccessreviews',
      { resourceAttributes, user: 'bob' },
      user,
      'other',
    ),
    { code: 422 },
  )
  const rules = await review('authorization.k8s.io/selfsubjectrulesreviews', { namespace: 'default' }, user)
  assert.deepEqual((rules.status as { resourceRules: unknown[] }).resourceRules[0], {
    verbs: ['*'],
    apiGroups: ['*'],
    resources: ['*'],
  })
})

test('discovery documents', () => {
  assert.equal(
    (auth.openidConfiguration as { jwks_uri: string }).jwks_uri,
    'https://10.0.0.1:8443/openid/v1/jwks',
  )
  const { keys } = auth.jwks as { keys: Record<string, string>[] }
  assert.equal(keys[0]!.alg, 'ES256')
  assert.equal('d' in keys[0]!, false)
})

test('the default policy is whole', () => {
  const policy = defaultPolicy()
  const names = policy.clusterRoles.map(({ metadata }) => metadata.name)
  for (const name of [
    'admin',
    'edit',
    'view',
    'cluster-admin',
    'system:node',
    'system:controller:job-controller',
  ]) {
    assert.ok(names.includes(name), name)
  }
  const bound = policy.clusterRoleBindings.map(({ roleRef }) => roleRef.name)
  assert.deepEqual(
    bound.filter((name) => !names.includes(name)),
    [],
  )
  const admin = policy.clusterRoles.find(({ metadata }) => metadata.name === 'admin')
  assert.deepEqual(admin?.aggregationRule, {
    clusterRoleSelectors: [{ matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-admin': 'true' } }],
  })
})
