import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cloneJson } from '../../api/json.ts'
import type { StoredKubeObject } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import { builtinResources } from '../../api/resources.ts'
import { controlPlaneUser } from '../auth/user-info.ts'
import { reconcileAllocations } from './strategies/service.ts'
import { type Strategy, type StrategyContext, strategyFor } from './strategy.ts'

const context: StrategyContext = { now: '2026-01-01T00:00:00Z', user: controlPlaneUser, subresource: '' }

function infoOf(resource: string, group = ''): ResourceInfo {
  const info = builtinResources.find((entry) => entry.resource === resource && entry.group === group)
  assert.ok(info, resource)
  return info
}

function strategy(resource: string, group = ''): Strategy {
  return strategyFor(infoOf(resource, group))
}

type Fields = Record<string, unknown>

function create(of: Strategy, object: Fields): StoredKubeObject {
  const created = { metadata: { name: 'x', uid: 'uid-1' }, ...cloneJson(object) } as StoredKubeObject
  of.prepareForCreate(created, context)
  return created
}

/** The changed object; `old` must come out as it went in. */
function update(of: Strategy, old: StoredKubeObject, changes: Fields, subresource = ''): StoredKubeObject {
  const next = { ...old, metadata: { ...old.metadata }, ...changes } as StoredKubeObject
  const before = cloneJson(old)
  of.prepareForUpdate(next, old, { ...context, subresource })
  assert.deepEqual(old, before)
  return next
}

test('every built-in kind has a strategy, and custom resources have one', () => {
  for (const info of builtinResources) assert.ok(strategyFor(info), info.resource)
  const custom: ResourceInfo = {
    ...infoOf('deployments', 'apps'),
    group: 'example.com',
    resource: 'widgets',
    subresources: [{ name: 'status', verbs: ['update'] }],
  }
  const of = strategyFor(custom)
  assert.equal(of, strategyFor(custom))
  assert.equal(of.allowUnconditionalUpdate, false)
  const widget = create(of, { spec: { a: 1 }, other: 1, status: { b: 1 } })
  assert.equal(widget.metadata.generation, 1)
  assert.equal('status' in widget, false)
  assert.equal(update(of, widget, { other: 2 }).metadata.generation, 2)
  const status = update(
    of,
    widget,
    { other: 3, status: { b: 2 }, metadata: { labels: { l: 'x' } } },
    'status',
  )
  assert.deepEqual([status.other, status.status, status.metadata.labels], [1, { b: 2 }, undefined])
  assert.deepEqual(of.resetFields('status'), { 'f:spec': {}, 'f:metadata': {} })
})

test('a deployment: status is the server’s, generations count spec and annotations', () => {
  const of = strategy('deployments', 'apps')
  const created = create(of, { spec: { replicas: 1 }, status: { replicas: 9 } })
  assert.deepEqual([created.metadata.generation, created.status], [1, {}])
  assert.equal(update(of, created, { spec: { replicas: 2 } }).metadata.generation, 2)
  assert.equal(update(of, created, { status: { replicas: 1 } }).metadata.generation, 1)
  assert.equal(
    update(of, created, { metadata: { ...created.metadata, annotations: { a: 'b' } } }).metadata.generation,
    2,
  )
  const status = update(of, created, { spec: { replicas: 7 }, status: { replicas: 1 } }, 'status')
  assert.deepEqual(
    [status.spec, status.status, status.metadata.generation],
    [{ replicas: 1 }, { replicas: 1 }, 1],
  )
  assert.deepEqual(of.resetFields(''), { 'f:status': {} })
  assert.deepEqual(of.resetFields('status'), { 'f:spec': {}, 'f:metadata': { 'f:labels': {} } })
})

test('a pod starts Pending with its QoS class; ends at once unless it runs somewhere', () => {
  const of = strategy('pods')
  const containers = [
    { name: 'c', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } } },
  ]
  const pod = create(of, { spec: { containers, terminationGracePeriodSeconds: 30 } })
  assert.deepEqual(pod.status, { phase: 'Pending', qosClass: 'Guaranteed' })
  assert.equal(create(of, { spec: { containers: [{ name: 'c' }] } }).status instanceof Object, true)
  assert.deepEqual(create(of, { spec: { containers: [{ name: 'c' }] } }).status, {
    phase: 'Pending',
    qosClass: 'BestEffort',
  })
  const grace = (changes: Fields, asked?: number): number | undefined =>
    of.gracefulDeletion?.gracePeriodSeconds({ ...pod, ...changes } as StoredKubeObject, asked)
  assert.equal(grace({}), 0)
  const running = { spec: { ...(pod.spec as object), nodeName: 'n' }, status: { phase: 'Running' } }
  assert.equal(grace(running), 30)
  assert.equal(grace(running, 5), 5)
  assert.equal(grace(running, 0), 0)
  assert.equal(grace({ ...running, status: { phase: 'Succeeded' } }), 0)
})

test('pod subresources change only their own part', () => {
  const of = strategy('pods')
  const pod = create(of, { spec: { containers: [{ name: 'c', image: 'a' }] } })
  const debug = update(
    of,
    pod,
    { spec: { containers: [], ephemeralContainers: [{ name: 'd' }] } },
    'ephemeralcontainers',
  )
  assert.deepEqual(debug.spec, {
    containers: [{ name: 'c', image: 'a' }],
    ephemeralContainers: [{ name: 'd' }],
  })
  assert.equal(debug.metadata.generation, 2)
  const resized = update(
    of,
    pod,
    { spec: { containers: [{ name: 'c', image: 'other', resources: { limits: { cpu: '2' } } }] } },
    'resize',
  )
  assert.deepEqual(resized.spec, {
    containers: [{ name: 'c', image: 'a', resources: { limits: { cpu: '2' } } }],
  })
  const status = update(of, pod, { status: { phase: 'Running' }, spec: {} }, 'status')
  assert.deepEqual(status.status, { phase: 'Running', qosClass: 'BestEffort' })
  assert.deepEqual(status.spec, pod.spec)
})

test('a job selects its pods by its own uid', () => {
  const job = create(strategy('jobs', 'batch'), { spec: { template: { metadata: { labels: { a: 'b' } } } } })
  assert.deepEqual(job.spec, {
    template: {
      metadata: {
        labels: {
          'job-name': 'x',
          'batch.kubernetes.io/job-name': 'x',
          'controller-uid': 'uid-1',
          'batch.kubernetes.io/controller-uid': 'uid-1',
          a: 'b',
        },
      },
    },
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'uid-1' } },
  })
})

test('a daemon set counts its templates', () => {
  const of = strategy('daemonsets', 'apps')
  const generation = (object: StoredKubeObject): unknown =>
    object.metadata.annotations?.['deprecated.daemonset.template.generation']
  const created = create(of, { spec: { template: { spec: { a: 1 } } } })
  assert.equal(generation(created), '1')
  assert.equal(generation(update(of, created, { spec: { template: { spec: { a: 2 } } } })), '2')
  const other = update(of, created, { spec: { template: { spec: { a: 1 } }, minReadySeconds: 1 } })
  assert.deepEqual([generation(other), other.metadata.generation], ['1', 2])
})

test('a namespace is Active, held by its finalizer, and labelled with its name', () => {
  const of = strategy('namespaces')
  const created = create(of, {})
  assert.deepEqual([created.spec, created.status], [{ finalizers: ['kubernetes'] }, { phase: 'Active' }])
  of.canonicalize?.(created)
  assert.deepEqual(created.metadata.labels, { 'kubernetes.io/metadata.name': 'x' })
  assert.deepEqual(update(of, created, { spec: {} }).spec, { finalizers: ['kubernetes'] })
  assert.deepEqual(update(of, created, { spec: {} }, 'finalize').spec, {})
})

test('a service gives up what its new type has no use for, and keeps what clients left out', () => {
  const of = strategy('services')
  const old = create(of, {
    spec: {
      type: 'NodePort',
      clusterIP: '10.0.0.1',
      clusterIPs: ['10.0.0.1'],
      externalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, nodePort: 30080 }],
    },
  })
  const internal = update(of, old, { spec: { ...(old.spec as object), type: 'ClusterIP' } })
  assert.deepEqual(internal.spec, {
    type: 'ClusterIP',
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1'],
    ports: [{ port: 80 }],
  })
  const patched = { ...old, spec: { type: 'NodePort', ports: [{ port: 81 }] } } as StoredKubeObject
  reconcileAllocations(patched, old)
  assert.deepEqual(patched.spec, {
    type: 'NodePort',
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1'],
    ports: [{ port: 81, nodePort: 30080 }],
  })
})

test('a signing request says who made it, and never says otherwise', () => {
  const of = strategy('certificatesigningrequests', 'certificates.k8s.io')
  const created = create(of, { spec: { request: 'r', username: 'liar' } })
  assert.deepEqual(created.spec, {
    request: 'r',
    username: 'system:apiserver',
    groups: ['system:masters', 'system:authenticated'],
  })
  assert.deepEqual(update(of, created, { spec: {} }).spec, created.spec)
  const approved = update(
    of,
    created,
    { status: { certificate: 'forged', conditions: [{ type: 'Approved', status: 'True' }] } },
    'approval',
  )
  assert.deepEqual(approved.status, {
    conditions: [
      { type: 'Approved', status: 'True', lastUpdateTime: context.now, lastTransitionTime: context.now },
    ],
  })
})

test('writers are warned of what is deprecated or ambiguous', () => {
  const pods = strategy('pods')
  const pod = create(pods, {
    spec: {
      containers: [
        {
          name: 'a',
          ports: [
            { containerPort: 80, protocol: 'TCP' },
            { containerPort: 80, protocol: 'TCP' },
          ],
          env: [
            { name: 'E', value: '1' },
            { name: 'E', value: '2' },
          ],
          resources: { requests: { memory: '100m' } },
        },
      ],
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
    },
  })
  assert.deepEqual(pods.warnings?.(pod, undefined), [
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
    'spec.containers[0].env[1]: hides previous definition of "E", which may be dropped when using apply',
    'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
  ])
  const services = strategy('services')
  const service = create(services, { spec: { type: 'ClusterIP', externalName: 'x', clusterIP: '10.0.0.1' } })
  assert.deepEqual(services.warnings?.(service, undefined), [
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ])
})
