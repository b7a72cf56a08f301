import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import type { StoredKubeObject } from '../kube-object.ts'
import { created, createProblems, updateProblems } from './test-objects.ts'

/** Sets fields of a spec. */
const spec =
  (change: Record<string, unknown>) =>
  (next: StoredKubeObject): void => {
    next.spec = { ...(next.spec as object), ...change }
  }

test('ingresses and their classes', () => {
  const name = 'ingresses.networking.k8s.io'
  const path = { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }
  const ingress = (rule: unknown, more: Record<string, unknown> = {}): string[] =>
    createProblems(name, { spec: { rules: [rule], ...more } })
  assert.deepEqual(ingress({ host: '*.example.com', http: { paths: [path] } }), [])
  assert.deepEqual(createProblems(name, { spec: {} }), [
    'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
  ])
  assert.deepEqual(ingress({ host: '1.2.3.4', http: { paths: [{ ...path, path: 'a//b' }] } }), [
    'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must be an absolute path',
    'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must not contain \'//\'',
  ])
  assert.deepEqual(
    ingress({ http: { paths: [{ ...path, pathType: 'Fuzzy', backend: { service: { name: 'web' } } }] } }),
    [
      'spec.rules[0].http.paths[0].pathType: Unsupported value: "Fuzzy": supported values: "Exact", "ImplementationSpecific", "Prefix"',
      'spec.rules[0].http.paths[0].backend: Required value: port name or number is required',
    ],
  )
  const ingressClass = { spec: { controller: 'k8s.io/ingress-nginx' } }
  assert.deepEqual(createProblems('ingressclasses.networking.k8s.io', ingressClass), [])
  const old = created('ingressclasses.networking.k8s.io', ingressClass)
  assert.deepEqual(
    updateProblems('ingressclasses.networking.k8s.io', old, spec({ controller: 'acme.io/x' })),
    ['spec.controller: Invalid value: "acme.io/x": field is immutable'],
  )
})

test('network policies', () => {
  const policy = (rule: unknown): string[] =>
    createProblems('networkpolicies.networking.k8s.io', { spec: { podSelector: {}, ingress: [rule] } })
  assert.deepEqual(
    policy({
      from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
      ports: [{ port: 80, endPort: 90 }],
    }),
    [],
  )
  assert.deepEqual(
    policy({
      from: [{}, { ipBlock: { cidr: '10.0.0.0/16', except: ['10.0.0.0/8'] }, podSelector: {} }],
      ports: [
        { port: 'http', endPort: 90 },
        { protocol: 'ICMP', port: 90, endPort: 80 },
      ],
    }),
    [
      'spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is non-numeric',
      'spec.ingress[0].ports[1].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
      'spec.ingress[0].ports[1].endPort: Invalid value: 90: must be greater than or equal to `port`',
      'spec.ingress[0].from[0]: Required value: must specify a peer',
      'spec.ingress[0].from[1].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
      'spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer',
    ],
  )
})

test('roles and bindings', () => {
  const rbac = 'rbac.authorization.k8s.io'
  assert.deepEqual(
    createProblems(`clusterroles.${rbac}`, { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }),
    [],
  )
  assert.deepEqual(
    createProblems(`roles.${rbac}`, { rules: [{ verbs: [], nonResourceURLs: ['/x'] }, { verbs: ['get'] }] }),
    [
      'rules[0].verbs: Required value: verbs must contain at least one value',
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
      'rules[1].apiGroups: Required value: resource rules must supply at least one api group',
      'rules[1].resources: Required value: resource rules must supply at least one resource',
    ],
  )
  const binding = {
    metadata: { name: 'system:x' },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'edit' },
    subjects: [{ kind: 'User', name: 'jane', apiGroup: rbac }],
  }
  assert.deepEqual(createProblems(`rolebindings.${rbac}`, binding), [])
  const old = created(`rolebindings.${rbac}`, binding)
  assert.deepEqual(
    updateProblems(`rolebindings.${rbac}`, old, (next) =>
      Object.assign(next, {
        roleRef: { ...binding.roleRef, name: 'view' },
        subjects: [{ kind: 'Robot', name: 'r' }],
      }),
    ),
    [
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
      'roleRef: Invalid value: {"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"}: cannot change roleRef',
    ],
  )
})

test('budgets and autoscalers', () => {
  const budget = (value: unknown): string[] => createProblems('poddisruptionbudgets.policy', { spec: value })
  assert.deepEqual(budget({ minAvailable: '50%', selector: {} }), [])
  assert.deepEqual(budget({ minAvailable: 1, maxUnavailable: '200%' }), [
    'spec: Invalid value: {"minAvailable":1,"maxUnavailable":"200%"}: minAvailable and maxUnavailable cannot be both set',
    'spec.maxUnavailable: Invalid value: "200%": must not be greater than 100%',
  ])
  const autoscaler = (more: Record<string, unknown>): string[] =>
    createProblems('horizontalpodautoscalers.autoscaling', {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        maxReplicas: 5,
        ...more,
      },
    })
  assert.deepEqual(autoscaler({}), [])
  assert.deepEqual(autoscaler({ minReplicas: 6, scaleTargetRef: { kind: 'Deployment', name: 'web' } }), [
    'spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`',
    'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
  ])
})

test('classes of priority, storage and runtimes', () => {
  assert.deepEqual(createProblems('priorityclasses.scheduling.k8s.io', { value: 2_000_000_000 }), [
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ])
  assert.deepEqual(
    createProblems('priorityclasses.scheduling.k8s.io', { metadata: { name: 'system-mine' }, value: 1 }),
    [
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
    ],
  )
  const storageClass = { provisioner: 'k8s.io/minikube-hostpath', parameters: { type: 'x' } }
  assert.deepEqual(createProblems('storageclasses.storage.k8s.io', storageClass), [])
  const old = created('storageclasses.storage.k8s.io', storageClass)
  assert.deepEqual(
    updateProblems('storageclasses.storage.k8s.io', old, (next) => Object.assign(next, { parameters: {} })),
    ['parameters: Invalid value: null: field is immutable'],
  )
  assert.deepEqual(
    createProblems('runtimeclasses.node.k8s.io', { handler: 'Kata' })[0]?.slice(0, 31),
    'handler: Invalid value: "Kata":',
  )
})

test('leases and endpoint slices', () => {
  assert.deepEqual(createProblems('leases.coordination.k8s.io', { spec: { leaseDurationSeconds: 0 } }), [
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
  ])
  const slice = (more: Record<string, unknown>): string[] =>
    createProblems('endpointslices.discovery.k8s.io', { addressType: 'IPv4', ...more })
  assert.deepEqual(
    slice({ endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ name: 'http', port: 80 }] }),
    [],
  )
  assert.deepEqual(slice({ endpoints: [{ addresses: ['127.0.0.1', 'fd00::1'] }], ports: [{}, {}] }), [
    'ports[1].name: Duplicate value: ""',
    'endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address',
  ])
})

test('requests for certificates', () => {
  const name = 'certificatesigningrequests.certificates.k8s.io'
  const request = (pem: string, more: Record<string, unknown> = {}): string[] =>
    createProblems(name, {
      spec: {
        request: Buffer.from(pem).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
        ...more,
      },
    })
  const { publicKey } = generateKeyPairSync('ed25519')
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const [first] = request(pem, { usages: ['flying', 'flying'], expirationSeconds: 5 })
  assert.match(
    first ?? '',
    /^spec\.request: Invalid value: ".*": PEM block type must be CERTIFICATE REQUEST$/,
  )
  assert.deepEqual(request(pem, { usages: ['flying', 'flying'], expirationSeconds: 5 }).slice(2), [
    request(pem, { usages: ['flying', 'x'] })[2]?.replace('"x"', '"flying"'),
    'spec.usages[1]: Duplicate value: "flying"',
    'spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 600 seconds (10 minutes)',
  ])
})

test('flow control', () => {
  const group = 'flowcontrol.apiserver.k8s.io'
  const schema = (more: Record<string, unknown>): string[] =>
    createProblems(`flowschemas.${group}`, {
      spec: {
        priorityLevelConfiguration: { name: 'workload-low' },
        rules: [
          {
            subjects: [{ kind: 'Group', group: { name: 'system:authenticated' } }],
            resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }],
          },
        ],
        ...more,
      },
    })
  assert.deepEqual(schema({}), [])
  assert.deepEqual(
    schema({ matchingPrecedence: 1, rules: [{ subjects: [{ kind: 'User', group: { name: 'x' } }] }] }),
    [
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
      "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
      "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
  )
  assert.deepEqual(
    createProblems(`prioritylevelconfigurations.${group}`, {
      spec: {
        type: 'Limited',
        limited: { limitResponse: { type: 'Queue', queuing: { queues: 1024, handSize: 8 } } },
      },
    }),
    [
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 1024 and handSize 8 should not be greater than 60',
    ],
  )
})

test('claims of devices', () => {
  const claim = (request: unknown): string[] =>
    createProblems('resourceclaims.resource.k8s.io', { spec: { devices: { requests: [request] } } })
  assert.deepEqual(
    claim({
      name: 'gpu',
      exactly: {
        deviceClassName: 'gpu.example.com',
        selectors: [{ cel: { expression: "device.attributes['example.com'].model == 'x'" } }],
      },
    }),
    [],
  )
  assert.deepEqual(claim({ name: 'gpu' }), [
    'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
  ])
  assert.deepEqual(claim({ name: 'gpu', exactly: { deviceClassName: 'c', count: -1, selectors: [{}] } }), [
    'spec.devices.requests[0].exactly.selectors[0].cel: Required value',
    'spec.devices.requests[0].exactly.count: Invalid value: -1: must be greater than zero',
  ])
})
