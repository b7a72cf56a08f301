import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { KubeObject } from '../../api/kube-object.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { UserInfo } from '../auth/user-info.ts'
import { createTestApi, type TestApi } from '../testing/test-api.ts'

let api: TestApi

beforeEach(async () => {
  api = await createTestApi()
  await make('namespaces', 'shop')
  await make('serviceaccounts', 'default', { metadata: { namespace: 'shop', name: 'default' } })
})

function make(resource: string, name: string, more: KubeObject = {}, user?: UserInfo): Promise<KubeObject> {
  const [group, version, plural] = resource.includes('/') ? resource.split('/') : ['', 'v1', resource]
  const { kind } = api.catalog.find({ group: group!, version: version!, resource: plural! })!.info
  const object = {
    apiVersion: group ? `${group}/${version}` : 'v1',
    kind,
    ...more,
    metadata: { name, ...more.metadata },
  }
  return api.create(resource, object, user && { user })
}

function pod(name: string, spec: object = {}, more: KubeObject = {}, user?: UserInfo): Promise<Pod> {
  const whole = { containers: [{ name: 'c', image: 'i' }], ...spec }
  return make(
    'pods',
    name,
    { ...more, metadata: { namespace: 'shop', name, ...more.metadata }, spec: whole },
    user,
  ) as unknown as Promise<Pod>
}

const update = (resource: string, object: KubeObject, user?: UserInfo, subresource = '') =>
  api.api.update(
    api.target(resource, object.metadata?.namespace, object.metadata?.name, subresource),
    { value: object },
    api.write(user && { user }),
  )

test('namespaces: there, not ending, and the system’s own stay', async () => {
  await assert.rejects(pod('p', {}, { metadata: { namespace: 'nowhere' } }), {
    message: 'namespaces "nowhere" not found',
    code: 404,
  })
  const remove = (name: string) => api.api.delete(api.target('namespaces', '', name), {}, api.write())
  await assert.rejects(remove('default'), {
    message: 'namespaces "default" is forbidden: this namespace may not be deleted',
  })
  await pod('blocker')
  await remove('shop')
  await assert.rejects(pod('late'), {
    message:
      'pods "late" is forbidden: unable to create new content in namespace shop because it is being terminated',
    code: 403,
  })
})

test('a pod gets its service account, the token volume and the default tolerations', async () => {
  const { spec } = await pod('p', { initContainers: [{ name: 'i', image: 'i' }] })
  assert.equal(spec?.serviceAccountName, 'default')
  const volume = spec?.volumes?.at(-1)
  assert.match(volume?.name ?? '', /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  assert.deepEqual(volume?.projected, {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 420,
  })
  const mount = {
    name: volume?.name,
    readOnly: true,
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  }
  assert.deepEqual(spec?.containers[0]?.volumeMounts, [mount])
  assert.deepEqual(spec?.initContainers?.[0]?.volumeMounts, [mount])
  assert.deepEqual(
    spec?.tolerations?.map(({ key, tolerationSeconds }) => [key, tolerationSeconds]),
    [
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ],
  )
  assert.deepEqual([spec?.priority, spec?.preemptionPolicy], [0, 'PreemptLowerPriority'])
})

test('service accounts: no token when nobody wants one, pull secrets, one that is missing', async () => {
  await make('serviceaccounts', 'quiet', {
    metadata: { namespace: 'shop' },
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'registry' }],
  })
  const { spec } = await pod('p', { serviceAccountName: 'quiet' })
  assert.equal(spec?.volumes, undefined)
  assert.deepEqual(spec?.imagePullSecrets, [{ name: 'registry' }])
  await assert.rejects(pod('q', { serviceAccountName: 'nobody' }), {
    message:
      'pods "q" is forbidden: error looking up service account shop/nobody: serviceaccount "nobody" not found',
  })
})

test('a pod waits for the default account of a new namespace', async () => {
  await make('namespaces', 'fresh')
  const early = pod('p', {}, { metadata: { namespace: 'fresh' } })
  await make('serviceaccounts', 'default', { metadata: { namespace: 'fresh' } })
  assert.equal((await early).spec?.serviceAccountName, 'default')
})

test('priorities come from classes', async () => {
  await make('scheduling.k8s.io/v1/priorityclasses', 'high', { value: 1000, preemptionPolicy: 'Never' })
  const { spec } = await pod('p', { priorityClassName: 'high' })
  assert.deepEqual([spec?.priority, spec?.preemptionPolicy], [1000, 'Never'])
  await assert.rejects(pod('q', { priorityClassName: 'none' }), {
    message: 'pods "q" is forbidden: no PriorityClass with name none was found',
  })
  await assert.rejects(pod('q', { priority: 7 }), /the integer value of priority \(7\) must not be provided/)
  await make('scheduling.k8s.io/v1/priorityclasses', 'usual', { value: 5, globalDefault: true })
  assert.equal((await pod('r')).spec?.priorityClassName, 'usual')
  await assert.rejects(
    make('scheduling.k8s.io/v1/priorityclasses', 'other', { value: 6, globalDefault: true }),
    /PriorityClass usual is already marked as default. Only one default can exist/,
  )
})

test('limit ranges: defaults with a note, and bounds', async () => {
  await make('limitranges', 'l', {
    metadata: { namespace: 'shop' },
    spec: {
      limits: [
        {
          type: 'Container',
          default: { cpu: '500m' },
          defaultRequest: { cpu: '250m' },
          max: { cpu: '1' },
          min: { cpu: '100m' },
        },
        { type: 'Pod', max: { cpu: '1500m' } },
      ],
    },
  })
  const { spec, metadata } = await pod('p')
  assert.deepEqual(spec?.containers[0]?.resources, { limits: { cpu: '500m' }, requests: { cpu: '250m' } })
  assert.equal(
    metadata.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
  )
  const sized = (cpu: string) => ({
    name: cpu,
    image: 'i',
    resources: { limits: { cpu }, requests: { cpu } },
  })
  await assert.rejects(pod('q', { containers: [sized('2')] }), {
    message:
      'pods "q" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum cpu usage per Pod is 1500m, but limit is 2]',
  })
  await assert.rejects(pod('q', { containers: [sized('50m')] }), {
    message: 'pods "q" is forbidden: minimum cpu usage per Container is 100m, but request is 50m',
  })
})

test('quotas count, refuse, and are not raced past', async () => {
  await make('resourcequotas', 'q', {
    metadata: { namespace: 'shop' },
    spec: { hard: { pods: '3', 'requests.cpu': '1' } },
  })
  await update(
    'resourcequotas',
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { namespace: 'shop', name: 'q' },
      status: { hard: { pods: '3', 'requests.cpu': '1' }, used: { pods: '0', 'requests.cpu': '0' } },
    },
    undefined,
    'status',
  )
  await assert.rejects(pod('p'), {
    message: 'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: c',
  })
  const sized = (cpu: string) => ({
    containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }],
  })
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map((number) => pod(`p${number}`, sized('100m'))))
  const refused = results.filter(({ status }) => status === 'rejected')
  assert.equal(refused.length, 2)
  assert.match(
    String((refused[0] as PromiseRejectedResult).reason.message),
    /exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3$/,
  )
  const quota = await api.api.get(api.target('resourcequotas', 'shop', 'q'))
  assert.deepEqual((quota.status as { used: unknown }).used, { pods: '3', 'requests.cpu': '300m' })
})

test('storage: the newest default class, finalizers, growing only where it may', async () => {
  const classes = 'storage.k8s.io/v1/storageclasses'
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  await make(classes, 'standard', { metadata: { annotations }, provisioner: 'x', allowVolumeExpansion: true })
  const claim = await make('persistentvolumeclaims', 'c', {
    metadata: { namespace: 'shop' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  })
  assert.equal((claim.spec as { storageClassName: string }).storageClassName, 'standard')
  assert.deepEqual(claim.metadata?.finalizers, ['kubernetes.io/pvc-protection'])
  const grow = async (storage: string) => {
    const current = await api.api.get(api.target('persistentvolumeclaims', 'shop', 'c'))
    const spec = { ...(current.spec as object), resources: { requests: { storage } } }
    return update('persistentvolumeclaims', { ...current, spec })
  }
  const bound = { ...claim, spec: { ...(claim.spec as object), volumeName: 'v' } }
  const { object } = await update('persistentvolumeclaims', bound)
  await update('persistentvolumeclaims', { ...object, status: { phase: 'Bound' } }, undefined, 'status')
  await grow('2Gi')
  const shut = { ...(await api.api.get(api.target(classes, '', 'standard'))), allowVolumeExpansion: false }
  await update(classes, shut)
  await assert.rejects(grow('3Gi'), {
    message:
      'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  })
})

test('new nodes are tainted; nodes write only about themselves', async () => {
  const user = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }
  const node = await make('nodes', 'n1', {}, user)
  assert.deepEqual((node.spec as { taints: unknown }).taints, [
    { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
  ])
  await assert.rejects(make('nodes', 'n2', {}, user), {
    message: 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
  })
  await assert.rejects(
    update(
      'nodes',
      { ...node, metadata: { ...node.metadata, labels: { 'node-role.kubernetes.io/x': '' } } },
      user,
    ),
    /is not allowed to modify labels: node-role.kubernetes.io\/x/,
  )
  await assert.rejects(
    update('nodes', { ...node, spec: {} }, user),
    /node "n1" is not allowed to modify taints/,
  )
  await assert.rejects(pod('p', {}, {}, user), /node "n1" can only create mirror pods/)
  const mirror = (uid: string) =>
    pod(
      'static-n1',
      { nodeName: 'n1' },
      {
        metadata: {
          annotations: { 'kubernetes.io/config.mirror': 'x' },
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid, controller: true }],
        },
      },
      user,
    )
  await assert.rejects(mirror('wrong'), /node n1 UID mismatch/)
  assert.equal((await mirror(node.metadata?.uid ?? '')).spec?.volumes, undefined)
})

test('roles and bindings grant only what one has, unless one may escalate or bind', async () => {
  const user = { username: 'jane', groups: ['system:authenticated'] }
  const rbac = 'rbac.authorization.k8s.io/v1'
  const rules = [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['secrets'] }]
  const role = () => make(`${rbac}/roles`, 'r', { metadata: { namespace: 'shop' }, rules }, user)
  await assert.rejects(role(), {
    message:
      'roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
  })
  const bind = (name: string, by?: UserInfo) =>
    make(
      `${rbac}/rolebindings`,
      name,
      {
        metadata: { namespace: 'shop' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
      },
      by,
    )
  // The rules of aggregated roles are a controller's to fill in.
  await make(`${rbac}/clusterroles`, 'reader', { rules })
  await make(`${rbac}/rolebindings`, 'own', {
    metadata: { namespace: 'shop' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
  })
  await role()
  await make(`${rbac}/clusterroles`, 'wide', {
    rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  })
  const wide = { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'wide' } }
  await assert.rejects(
    make(`${rbac}/rolebindings`, 'b', { metadata: { namespace: 'shop' }, ...wide, subjects: [] }, user),
    /attempting to grant RBAC permissions not currently held/,
  )
  await bind('edit-by-admin')
})

test('certificate requests: who may approve, and no client becomes a master', async () => {
  const user = { username: 'jane', groups: ['system:authenticated'] }
  const csr = 'certificates.k8s.io/v1/certificatesigningrequests'
  const request = Buffer.from('not a request').toString('base64')
  const spec = { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] }
  await assert.rejects(make(csr, 'x', { spec }, user), /failed to parse CSR|unable to parse|Invalid/)
})

test('runtime classes', async () => {
  await assert.rejects(pod('p', { runtimeClassName: 'none' }), {
    message: 'pods "p" is forbidden: pod rejected: RuntimeClass "none" not found',
  })
  await make('node.k8s.io/v1/runtimeclasses', 'heavy', {
    handler: 'heavy',
    overhead: { podFixed: { cpu: '10m' } },
    scheduling: { nodeSelector: { heavy: 'yes' } },
  })
  const { spec } = await pod('p', { runtimeClassName: 'heavy' })
  assert.deepEqual([spec?.overhead, spec?.nodeSelector], [{ cpu: '10m' }, { heavy: 'yes' }])
  await assert.rejects(
    pod('q', { overhead: { cpu: '1' } }),
    /Pod Overhead set without corresponding RuntimeClass/,
  )
})

test('pod security: what a namespace’s labels ask for', async () => {
  const label = (labels: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]),
    )
  await assert.rejects(make('namespaces', 'odd', { metadata: { labels: label({ enforce: 'tight' }) } }), {
    message:
      'Namespace "odd" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "tight": must be one of privileged, baseline, restricted',
  })
  await make('namespaces', 'safe', {
    metadata: { labels: label({ enforce: 'baseline', warn: 'restricted' }) },
  })
  await make('serviceaccounts', 'default', { metadata: { namespace: 'safe' } })
  const inSafe = { metadata: { namespace: 'safe' } }
  const spec = {
    hostNetwork: true,
    containers: [{ name: 'c', image: 'i', securityContext: { privileged: true } }],
  }
  await assert.rejects(pod('p', spec, inSafe), {
    message:
      'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), privileged (container "c" must not set securityContext.privileged=true)',
  })
  const context = api.write()
  await api.api.create(
    api.target('pods', 'safe'),
    {
      value: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'ok' },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      },
    },
    context,
  )
  assert.deepEqual(context.warnings, [
    'would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ])
  const strict = api.write()
  const patch = { metadata: { labels: label({ enforce: 'restricted' }) } }
  await api.api.patch(
    api.target('namespaces', '', 'safe'),
    { type: 'merge', body: { value: patch }, force: false },
    strict,
  )
  assert.deepEqual(strict.warnings, [
    'existing pods in namespace "safe" violate the new PodSecurity enforce level "restricted:latest"',
    'ok: allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile',
  ])
})
