import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusCause } from '../../api-error.ts'
import { cloneJson } from '../../json.ts'
import type { StoredKubeObject } from '../../kube-object.ts'
import { builtinResources } from '../../resources.ts'
import type { Container, Pod } from '../../types/core-v1.ts'
import { validateCreate, validateUpdate } from '../validate.ts'

const info = builtinResources.find((entry) => entry.resource === 'pods' && entry.group === '')!

const container: Container = {
  name: 'web',
  image: 'nginx:1',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
}

/** A pod as defaulting leaves it. */
function pod(spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): Pod {
  return {
    metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1', ...metadata },
    spec: {
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      terminationGracePeriodSeconds: 30,
      serviceAccountName: 'default',
      containers: [container],
      ...spec,
    },
  } as Pod
}

const text = (causes: StatusCause[]): string[] => causes.map(({ field, message }) => `${field}: ${message}`)
const create = (object: Pod): string[] => text(validateCreate(info, object as unknown as StoredKubeObject))
const update = (next: Pod, old: Pod, subresource = ''): string[] =>
  text(
    validateUpdate(
      info,
      next as unknown as StoredKubeObject,
      old as unknown as StoredKubeObject,
      subresource,
    ),
  )
const containers = (...changes: Record<string, unknown>[]): Record<string, unknown> => ({
  containers: changes.map((change) => ({ ...container, ...change })),
})

test('a plain pod is fine', () => {
  assert.deepEqual(create(pod()), [])
})

test('metadata: names, labels, owners', () => {
  assert.deepEqual(create(pod({}, { name: 'Web_1' })), [
    "metadata.name: Invalid value: \"Web_1\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ])
  assert.deepEqual(create(pod({}, { labels: { 'a b': 'x' } })).length, 1)
  assert.match(
    create(pod({}, { labels: { a: '-x' } }))[0] ?? '',
    /^metadata.labels: Invalid value: "-x": a valid label must be/,
  )
  assert.deepEqual(create(pod({}, { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'n' }] })), [
    'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
  ])
})

test('containers: what is missing, doubled or misspelt', () => {
  assert.deepEqual(create(pod({ containers: [] })), ['spec.containers: Required value'])
  assert.deepEqual(create(pod(containers({ name: 'Web' }, { image: '' }, {}))), [
    "spec.containers[0].name: Invalid value: \"Web\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    'spec.containers[1].image: Required value',
    'spec.containers[2].name: Duplicate value: "web"',
  ])
  assert.deepEqual(create(pod(containers({ imagePullPolicy: 'Sometimes' }))), [
    'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
  ])
  assert.deepEqual(
    create(
      pod(
        containers({
          ports: [
            { containerPort: 70000, protocol: 'TCP' },
            { containerPort: 80, protocol: 'XX' },
          ],
        }),
      ),
    ),
    [
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[1].protocol: Unsupported value: "XX": supported values: "SCTP", "TCP", "UDP"',
    ],
  )
  assert.deepEqual(create(pod(containers({ image: ' nginx' }))), [
    'spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace',
  ])
})

test('env and volume mounts refer to what is there', () => {
  assert.deepEqual(
    create(
      pod(
        containers({
          env: [
            {
              name: 'A',
              value: 'x',
              valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } },
            },
            { name: 'B', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.wrong' } } },
            { name: 'C', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['app']" } } },
            { name: '', value: '' },
          ],
          volumeMounts: [
            { name: 'data', mountPath: '/a' },
            { name: 'gone', mountPath: '/a' },
          ],
        }),
      ),
    ),
    [
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      'spec.containers[0].env[1].valueFrom.fieldRef.fieldPath: Invalid value: "spec.wrong": error converting fieldPath: field label not supported: spec.wrong',
      'spec.containers[0].env[3].name: Required value',
      'spec.containers[0].volumeMounts[0].name: Not found: "data"',
      'spec.containers[0].volumeMounts[1].name: Not found: "gone"',
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    ],
  )
})

test('volumes have one kind each, with what it needs', () => {
  assert.deepEqual(
    create(
      pod({
        volumes: [
          { name: 'none' },
          { name: 'two', emptyDir: {}, hostPath: { path: '/x' } },
          { name: 'up', hostPath: { path: '/a/../b', type: 'Dir' } },
          { name: 'cm', configMap: { items: [{ key: 'a', path: '../b' }], defaultMode: 512 } },
          { name: 'claim', persistentVolumeClaim: {} },
        ],
      }),
    ),
    [
      'spec.volumes[0]: Required value: must specify a volume type',
      'spec.volumes[1].hostPath: Forbidden: may not specify more than 1 volume type',
      'spec.volumes[2].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
      'spec.volumes[2].hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
      'spec.volumes[3].configMap.name: Required value',
      'spec.volumes[3].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
      'spec.volumes[3].configMap.items[0].path: Invalid value: "../b": must not contain \'..\'',
      'spec.volumes[4].persistentVolumeClaim.claimName: Required value',
    ],
  )
})

test('resources: names, amounts, limits above requests', () => {
  const resources = { requests: { cpu: '2', memory: '1Gi', foo: '1' }, limits: { cpu: '1', memory: '-1' } }
  assert.deepEqual(create(pod(containers({ resources }))), [
    'spec.containers[0].resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0',
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    'spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of -1',
    'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
    'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource for containers',
  ])
  const extended = { requests: { 'example.com/gpu': '1' } }
  assert.deepEqual(create(pod(containers({ resources: extended }))), [
    'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
  ])
})

test('probes and hooks have one handler', () => {
  const probe = { httpGet: { path: '/', port: 80, scheme: 'HTTP' }, successThreshold: 1 }
  assert.deepEqual(
    create(
      pod(
        containers({
          livenessProbe: { ...probe, successThreshold: 2 },
          readinessProbe: { ...probe, exec: { command: ['x'] } },
          lifecycle: { preStop: {} },
        }),
      ),
    ),
    [
      'spec.containers[0].lifecycle.preStop: Required value: must specify a handler type',
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
      'spec.containers[0].readinessProbe.httpGet: Forbidden: may not specify more than 1 handler type',
    ],
  )
  const initContainers = [{ ...container, name: 'init', livenessProbe: probe }]
  assert.deepEqual(create(pod({ initContainers })), [
    'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ])
  assert.deepEqual(create(pod({ initContainers: [{ ...initContainers[0], restartPolicy: 'Always' }] })), [])
})

test('scheduling: affinity, tolerations, spread, gates', () => {
  assert.deepEqual(
    create(
      pod({
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 101, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname' } },
            ],
          },
        },
        tolerations: [{ operator: 'Equal' }, { key: 'a', operator: 'Exists', value: 'x' }],
        topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'Maybe' }],
      }),
    ),
    [
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
      'spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100',
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Maybe": supported values: "DoNotSchedule", "ScheduleAnyway"',
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      'spec.tolerations[1].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\'',
    ],
  )
})

test('security context: ids, profiles, contradictions', () => {
  assert.deepEqual(
    create(
      pod({
        securityContext: { runAsUser: -1, seccompProfile: { type: 'Localhost' } },
        ...containers({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
      }),
    ),
    [
      'spec.containers[0].securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
      'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ],
  )
})

test('an update may change images and little else', () => {
  const old = pod()
  assert.deepEqual(update(pod(containers({ image: 'nginx:2' })), old), [])
  assert.deepEqual(
    update(pod({ tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute' }] }), old),
    [],
  )
  const changed = update(pod(containers({ command: ['x'] })), old)
  assert.equal(changed.length, 1)
  assert.match(
    changed[0] ?? '',
    /^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`,`spec\.initContainers\[\*\]\.image`,`spec\.activeDeadlineSeconds`,`spec\.tolerations` \(only additions to existing tolerations\),`spec\.terminationGracePeriodSeconds` \(allow it to be set to 1 if it was previously negative\)\n@@ /,
  )
  assert.match(changed[0] ?? '', /\n\+ {3}"command": \[\n/)
  assert.deepEqual(update(pod(containers({}, { name: 'b' })), old), [
    'spec.containers: Forbidden: pod updates may not add or remove containers',
  ])
  assert.deepEqual(update(pod({}, { uid: 'other' }), old), [
    'metadata.uid: Invalid value: "other": field is immutable',
  ])
})

test('status, ephemeral containers and resize have rules of their own', () => {
  const old = pod()
  old.status = {
    qosClass: 'BestEffort',
    containerStatuses: [
      {
        name: 'web',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode: 1 } },
      },
    ],
  }
  old.spec = { ...old.spec!, restartPolicy: 'Never' }
  const next = cloneJson(old)
  next.status!.containerStatuses![0]!.state = { running: {} }
  assert.deepEqual(update(next, old, 'status'), [
    'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
  ])
  const debug = { ...container, name: 'debugger', image: 'busybox' }
  assert.deepEqual(update(pod({ ephemeralContainers: [debug] }), pod(), 'ephemeralcontainers'), [])
  assert.deepEqual(
    update(
      pod({ ephemeralContainers: [{ ...debug, ports: [{ containerPort: 1, protocol: 'TCP' }] }] }),
      pod(),
      'ephemeralcontainers',
    ),
    ['spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container'],
  )
  const sized = pod(containers({ resources: { requests: { cpu: '1' } } }))
  assert.deepEqual(update(pod(containers({ resources: { requests: { cpu: '2' } } })), sized, 'resize'), [])
  assert.deepEqual(update(pod(containers({ resources: { requests: { memory: '1Gi' } } })), sized, 'resize'), [
    'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
  ])
})
