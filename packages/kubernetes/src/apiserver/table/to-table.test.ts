import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJsonPath } from '../../api/json-path.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import { builtinResources } from '../../api/resources.ts'
import { toTable } from './to-table.ts'

const now = Date.parse('2024-01-01T01:00:00Z')
const metadata = { name: 'a', namespace: 'default', creationTimestamp: '2024-01-01T00:00:00Z' }

function resource(name: string, group = '', version = 'v1') {
  const found = builtinResources.find(
    (each) => each.resource === name && each.group === group && each.version === version,
  )
  assert.ok(found, name)
  return found
}

/** Cells by column name. */
function row(name: string, object: KubeObject, group?: string, version?: string): Record<string, unknown> {
  const table = toTable(resource(name, group, version), [{ metadata, ...object }], { now })
  const cells = table.rows[0]!.cells
  assert.equal(cells.length, table.columnDefinitions.length)
  return Object.fromEntries(table.columnDefinitions.map((column, index) => [column.name, cells[index]]))
}

function pod(spec: object, status: object, meta: object = {}) {
  const got = row('pods', { metadata: { ...metadata, ...meta }, spec, status } as KubeObject)
  return [got.Ready, got.Status, got.Restarts].join(' ')
}

const two = { containers: [{ name: 'x' }, { name: 'y' }] }
const running = (name: string, ready = true) => ({ name, ready, restartCount: 0, state: { running: {} } })
const terminated = (name: string, exitCode: number, reason?: string) => ({
  name,
  ready: false,
  restartCount: 0,
  state: { terminated: { exitCode, reason } },
})

test('the status of pods', () => {
  const ready = [{ type: 'Ready', status: 'True' }]
  assert.equal(pod(two, { phase: 'Pending' }), '0/2 Pending 0')
  assert.equal(
    pod(two, { phase: 'Running', containerStatuses: [running('x'), running('y', false)] }),
    '1/2 Running 0',
  )
  const waiting = {
    name: 'y',
    ready: false,
    restartCount: 3,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
  }
  const last = { ...waiting, lastState: { terminated: { finishedAt: '2024-01-01T00:50:00Z' } } }
  assert.equal(
    pod(two, { phase: 'Running', containerStatuses: [running('x'), last] }),
    '1/2 CrashLoopBackOff 3 (10m ago)',
  )
  assert.equal(
    pod(two, {
      phase: 'Succeeded',
      containerStatuses: [terminated('x', 0, 'Completed'), terminated('y', 0, 'Completed')],
    }),
    '0/2 Completed 0',
  )
  assert.equal(
    pod(two, { phase: 'Running', containerStatuses: [terminated('x', 0, 'Completed'), running('y')] }),
    '1/2 NotReady 0',
  )
  assert.equal(
    pod(two, {
      phase: 'Running',
      conditions: ready,
      containerStatuses: [terminated('x', 0, 'Completed'), running('y')],
    }),
    '1/2 Running 0',
  )
  assert.equal(pod(two, { phase: 'Failed', containerStatuses: [terminated('x', 3)] }), '0/2 ExitCode:3 0')
  assert.equal(pod(two, { phase: 'Failed', reason: 'Evicted' }), '0/2 Evicted 0')
  assert.equal(
    pod(two, { phase: 'Running' }, { deletionTimestamp: metadata.creationTimestamp }),
    '0/2 Terminating 0',
  )
  const gated = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }]
  assert.equal(pod(two, { phase: 'Pending', conditions: gated }), '0/2 SchedulingGated 0')
})

test('init containers and sidecars', () => {
  const spec = {
    containers: [{ name: 'x' }],
    initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 'i' }],
  }
  const started = { ...running('s'), started: true }
  const statuses = (...initContainerStatuses: object[]) => ({ phase: 'Pending', initContainerStatuses })
  assert.equal(
    pod(spec, statuses(started, { name: 'i', restartCount: 0, state: { running: {} } })),
    '1/2 Init:1/2 0',
  )
  assert.equal(pod(spec, statuses(started, terminated('i', 2))), '1/2 Init:ExitCode:2 0')
  assert.equal(pod(spec, statuses(started, terminated('i', 2, 'Error'))), '1/2 Init:Error 0')
  const done = { ...statuses(started, terminated('i', 0, 'Completed')), phase: 'Running' }
  assert.equal(pod(spec, { ...done, containerStatuses: [running('x')] }), '2/2 Running 0')
})

test('wide columns of pods', () => {
  const spec = { nodeName: 'n', containers: [], readinessGates: [{ conditionType: 'g' }] }
  const status = {
    phase: 'Running',
    podIPs: [{ ip: '10.0.0.2' }],
    conditions: [{ type: 'g', status: 'True' }],
  }
  const got = row('pods', { metadata, spec, status })
  assert.deepEqual(got, {
    Name: 'a',
    Ready: '0/0',
    Status: 'Running',
    Restarts: '0',
    Age: '60m',
    IP: '10.0.0.2',
    Node: 'n',
    'Nominated Node': '<none>',
    'Readiness Gates': '1/1',
  })
})

test('workloads', () => {
  const template = {
    metadata: {},
    spec: {
      containers: [
        { name: 'c', image: 'i:1' },
        { name: 'd', image: 'j' },
      ],
    },
  }
  const selector = {
    matchLabels: { b: '1', a: '2' },
    matchExpressions: [{ key: 'z', operator: 'In', values: ['y', 'x'] }],
  }
  const deployment = row(
    'deployments',
    {
      spec: { replicas: 3, template, selector },
      status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 },
    },
    'apps',
  )
  assert.deepEqual(deployment, {
    Name: 'a',
    Ready: '2/3',
    'Up-to-date': 3,
    Available: 1,
    Age: '60m',
    Containers: 'c,d',
    Images: 'i:1,j',
    Selector: 'a=2,b=1,z in (x,y)',
  })
  const status = {
    succeeded: 1,
    startTime: '2024-01-01T00:00:00Z',
    completionTime: '2024-01-01T00:00:07Z',
    conditions: [{ type: 'Complete', status: 'True' }],
  }
  const job = row('jobs', { spec: { completions: 2, template }, status }, 'batch')
  assert.deepEqual(
    [job.Status, job.Completions, job.Duration, job.Selector],
    ['Complete', '1/2', '7s', '<none>'],
  )
  const cron = row(
    'cronjobs',
    { spec: { schedule: '* * * * *', suspend: false, jobTemplate: { spec: { template } } } },
    'batch',
  )
  assert.deepEqual(
    [cron.Suspend, cron.Active, cron['Last Schedule'], cron.Timezone],
    ['False', 0, '<none>', '<none>'],
  )
})

test('services and endpoints', () => {
  const ports = [
    { port: 80, nodePort: 30080, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ]
  const service = (spec: object, status?: object) => {
    const got = row('services', {
      spec: { clusterIPs: ['10.96.0.1'], ports, ...spec },
      ...(status && { status }),
    })
    return [got.Type, got['Cluster-IP'], got['External-IP'], got['Port(s)']]
  }
  assert.deepEqual(service({ type: 'NodePort' }), ['NodePort', '10.96.0.1', '<none>', '80:30080/TCP,53/UDP'])
  assert.equal(service({ type: 'LoadBalancer' })[2], '<pending>')
  assert.equal(
    service({ type: 'LoadBalancer' }, { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } })[2],
    '1.2.3.4',
  )
  assert.deepEqual(
    service({ type: 'ExternalName', externalName: 'x.y', clusterIPs: undefined, ports: undefined }),
    ['ExternalName', '<none>', 'x.y', '<none>'],
  )
  const addresses = ['1', '2', '3', '4'].map((last) => ({ ip: `10.0.0.${last}` }))
  const endpoints = row('endpoints', { subsets: [{ addresses, ports: [{ port: 80 }] }] })
  assert.equal(endpoints.Endpoints, '10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...')
  const slice = row(
    'endpointslices',
    { addressType: 'IPv4', ports: [{ port: 80 }], endpoints: [{ addresses: ['10.0.0.1'] }] },
    'discovery.k8s.io',
  )
  assert.deepEqual([slice.Ports, slice.Endpoints], ['80', '10.0.0.1'])
})

test('nodes', () => {
  const labels = { 'node-role.kubernetes.io/control-plane': '', 'node-role.kubernetes.io/a': '' }
  const nodeInfo = {
    kubeletVersion: 'v1.36.0',
    architecture: 'amd64',
    kernelVersion: '6.1',
    osImage: 'Debian',
  }
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo,
    addresses: [{ type: 'InternalIP', address: '1.1.1.1' }],
  }
  const node = row('nodes', { metadata: { ...metadata, labels }, spec: { unschedulable: true }, status })
  assert.equal(node.Status, 'Ready,SchedulingDisabled')
  assert.equal(node.Roles, 'a,control-plane')
  assert.equal(node['Kernel-Version'], '6.1 (amd64)')
  assert.equal(node['Internal-IP'], '1.1.1.1')
  assert.equal(node['Container-Runtime'], '<unknown>')
})

test('both kinds of events show the same', () => {
  const object = { kind: 'Pod', name: 'p', fieldPath: 'spec' }
  const old = row('events', {
    involvedObject: object,
    reason: 'R',
    message: 'm\n',
    type: 'Normal',
    source: { component: 'c', host: 'h' },
    firstTimestamp: '2024-01-01T00:30:00Z',
    lastTimestamp: '2024-01-01T00:59:00Z',
    count: 4,
  })
  assert.deepEqual(Object.values(old), ['60s', 'Normal', 'R', 'pod/p', 'spec', 'c, h', 'm', '30m', 4, 'a'])
  const fresh = row(
    'events',
    {
      regarding: object,
      reason: 'R',
      note: 'm',
      type: 'Normal',
      reportingController: 'c',
      eventTime: '2024-01-01T00:30:00.000000Z',
    },
    'events.k8s.io',
  )
  assert.deepEqual(Object.values(fresh), ['30m', 'Normal', 'R', 'pod/p', 'spec', 'c', 'm', '30m', 1, 'a'])
})

test('autoscalers', () => {
  const metrics = [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    { type: 'Pods', pods: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '5' } } },
    { type: 'External', external: { metric: { name: 'e' }, target: { type: 'Value', value: '7' } } },
  ]
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'd' }, minReplicas: 1, maxReplicas: 5, metrics }
  const currentMetrics = [
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 12 } } },
  ]
  const got = row('horizontalpodautoscalers', { spec, status: { currentMetrics } }, 'autoscaling', 'v2')
  assert.equal(got.Targets, 'cpu: 12%/80%, <unknown>/5 + 1 more...')
  assert.equal(got.Reference, 'Deployment/d')
})

test('every resource that can be listed has a table; without columns of its own it shows its creation', () => {
  for (const info of builtinResources.filter(({ verbs }) => verbs.includes('list'))) {
    assert.ok(toTable(info, [], { now }).columnDefinitions.length >= 2, info.resource)
  }
  assert.deepEqual(row('roles', {}, 'rbac.authorization.k8s.io'), {
    Name: 'a',
    'Created At': '2024-01-01T00:00:00Z',
  })
})

test('what rows carry', () => {
  const object = { metadata, data: { a: 'b' } }
  const included = (includeObject?: 'None' | 'Metadata' | 'Object') =>
    toTable(resource('configmaps'), [object], { now, ...(includeObject && { includeObject }) }).rows[0]!
      .object
  assert.equal(included('None'), null)
  assert.deepEqual(included(), { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata })
  assert.deepEqual(included('Object'), { ...object, kind: 'ConfigMap', apiVersion: 'v1' })
  const succeeded = toTable(resource('pods'), [{ metadata, status: { phase: 'Succeeded' } }], { now })
  assert.equal(succeeded.rows[0]!.conditions?.[0]?.type, 'Completed')
})

test('custom resources show their printer columns', () => {
  const { schema: _, ...info } = { ...resource('configmaps'), resource: 'foos', group: 'x.io' }
  const columns = [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Since', type: 'date', jsonPath: '.status.at', priority: 1 },
    { name: 'On', type: 'boolean', jsonPath: '.spec.on' },
    { name: 'Map', type: 'string', jsonPath: '.spec.map' },
  ]
  const conditions = [
    { type: 'Other', status: 'x' },
    { type: 'Ready', status: 'True' },
  ]
  const object = {
    metadata,
    spec: { size: 3.7, map: { b: 1, a: ['c'] } },
    status: { conditions, at: metadata.creationTimestamp },
  }
  const table = toTable(info, [object], { now, columns })
  assert.deepEqual(table.rows[0]!.cells, ['a', 3, 'True', '60m', null, 'map[a:[c] b:1]'])
  assert.equal(table.columnDefinitions[3]!.priority, 1)
  assert.deepEqual(toTable(info, [object], { now }).rows[0]!.cells, ['a', '60m'])
})

test('JSON paths', () => {
  const value = {
    a: {
      'b.c': [1, 2, 3, 4],
      d: [
        { n: 1, t: 'x' },
        { n: 2, t: 'y' },
      ],
    },
  }
  const find = (path: string) => parseJsonPath(path)(value)
  assert.deepEqual(find('.a.b\\.c[0]'), [1])
  assert.deepEqual(find('.a.b\\.c[-1]'), [4])
  assert.deepEqual(find('.a.b\\.c[1:3]'), [2, 3])
  assert.deepEqual(find('.a.b\\.c[0,2]'), [1, 3])
  assert.deepEqual(find(".a['b.c'][0]"), [1])
  assert.deepEqual(find('.a.d[*].t'), ['x', 'y'])
  assert.deepEqual(find('.a.d[?(@.n>1)].t'), ['y'])
  assert.deepEqual(find("$.a.d[?(@.t=='x')].n"), [1])
  assert.deepEqual(find('..t'), ['x', 'y'])
  assert.deepEqual(find('.missing.b'), [])
  for (const bad of ['.a[', '.a[x]', '.a[?(@.b==1]', 'a', '.a[?(@.b=~1)]'])
    assert.throws(() => parseJsonPath(bad), bad)
})
