import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../kube-object.ts'
import { builtinResources } from '../resources.ts'
import { schemaOf } from '../schema/schemas.ts'
import { conform } from '../structure/conform.ts'
import { applyDefaults } from './apply-defaults.ts'
import { imageTag } from './image-tag.ts'

/** What the API server makes of a body, without what it fills in itself. */
function defaulted(apiVersion: string, kind: string, body: object): KubeObject {
  const resource = builtinResources.find(
    (each) => each.kind === kind && [each.group, each.version].filter(Boolean).join('/') === apiVersion,
  )
  assert.ok(resource?.schema)
  const object = conform(schemaOf(resource.schema), { apiVersion, kind, ...body }) as KubeObject
  applyDefaults(resource, object)
  const again = structuredClone(object)
  applyDefaults(resource, again)
  assert.deepEqual(again, object, 'defaulting twice changes nothing more')
  return object
}

const container = { name: 'c', image: 'nginx' }
const defaultedContainer = {
  ...container,
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'Always',
}
const defaultedPodSpec = {
  containers: [defaultedContainer],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
}

test('a pod', () => {
  const pod = defaulted('v1', 'Pod', { metadata: { name: 'p' }, spec: { containers: [container] } })
  assert.deepEqual(pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { ...defaultedPodSpec, enableServiceLinks: true },
    status: {},
  })
})

test('a deployment: what kubectl shows after create', () => {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [container] } }
  const selector = { matchLabels: { app: 'a' } }
  const deployment = defaulted('apps/v1', 'Deployment', { spec: { selector, template } })
  assert.deepEqual(deployment.spec, {
    progressDeadlineSeconds: 600,
    replicas: 1,
    revisionHistoryLimit: 10,
    selector,
    strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' }, type: 'RollingUpdate' },
    template: { metadata: { labels: { app: 'a' } }, spec: defaultedPodSpec },
  })
})

test('requests follow limits in pods, not in templates; amounts are rounded to thousandths', () => {
  const resources = { limits: { cpu: '0.0001', memory: '1Gi' }, requests: { memory: '512Mi' } }
  const spec = { containers: [{ ...container, resources }] }
  const pod = defaulted('v1', 'Pod', { spec }).spec as { containers: object[] }
  assert.deepEqual((pod.containers[0] as typeof container & { resources: object }).resources, {
    limits: { cpu: '1m', memory: '1Gi' },
    requests: { cpu: '1m', memory: '512Mi' },
  })
  const template = defaulted('v1', 'PodTemplate', { template: { spec } }).template as { spec: typeof spec }
  assert.deepEqual(template.spec.containers[0]?.resources, {
    limits: { cpu: '1m', memory: '1Gi' },
    requests: { memory: '512Mi' },
  })
})

test('probes, ports, env, volumes and lifecycle of any container', () => {
  const full = {
    ...container,
    ports: [{ containerPort: 80 }],
    env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    livenessProbe: { httpGet: { port: 80 } },
    readinessProbe: { grpc: { port: 81 }, periodSeconds: 3 },
    lifecycle: { preStop: { httpGet: { port: 80 } } },
  }
  const volumes = [
    { name: 'empty' },
    { name: 'secret', secret: { secretName: 's' } },
    { name: 'host', hostPath: { path: '/a' } },
    { name: 'projected', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
    { name: 'claim', persistentVolumeClaim: { claimName: 'c' } },
    { name: 'image', image: { reference: 'a:1' } },
  ]
  const spec = defaulted('v1', 'Pod', {
    spec: { initContainers: [full], containers: [container], volumes },
  }).spec
  const { initContainers, volumes: got } = spec as { initContainers: object[]; volumes: object[] }
  assert.deepEqual(initContainers[0], {
    ...defaultedContainer,
    ports: [{ containerPort: 80, protocol: 'TCP' }],
    env: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }],
    livenessProbe: {
      httpGet: { path: '/', port: 80, scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    },
    readinessProbe: {
      grpc: { port: 81, service: '' },
      timeoutSeconds: 1,
      periodSeconds: 3,
      successThreshold: 1,
      failureThreshold: 3,
    },
    lifecycle: { preStop: { httpGet: { path: '/', port: 80, scheme: 'HTTP' } } },
  })
  assert.deepEqual(got, [
    { name: 'empty', emptyDir: {} },
    { name: 'secret', secret: { secretName: 's', defaultMode: 420 } },
    { name: 'host', hostPath: { path: '/a', type: '' } },
    {
      name: 'projected',
      projected: {
        defaultMode: 420,
        sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }],
      },
    },
    { name: 'claim', persistentVolumeClaim: { claimName: 'c' } },
    { name: 'image', image: { reference: 'a:1', pullPolicy: 'IfNotPresent' } },
  ])
})

test('services', () => {
  const ports = [{ port: 80 }, { name: 'b', port: 81, targetPort: 'web', protocol: 'UDP' }]
  assert.deepEqual(defaulted('v1', 'Service', { spec: { ports } }), {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {},
    spec: {
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }, ports[1]],
      sessionAffinity: 'None',
      type: 'ClusterIP',
      internalTrafficPolicy: 'Cluster',
    },
    status: { loadBalancer: {} },
  })
  const balancer = defaulted('v1', 'Service', { spec: { type: 'LoadBalancer', sessionAffinity: 'ClientIP' } })
  assert.deepEqual(balancer.spec, {
    type: 'LoadBalancer',
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    allocateLoadBalancerNodePorts: true,
  })
})

test('stateful sets: claims inside them are claims', () => {
  const spec = {
    selector: {},
    template: { spec: { containers: [container] } },
    volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: { accessModes: ['ReadWriteOnce'] } }],
  }
  assert.deepEqual(defaulted('apps/v1', 'StatefulSet', { spec }).spec, {
    selector: {},
    template: { metadata: {}, spec: defaultedPodSpec },
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'd' },
        spec: { accessModes: ['ReadWriteOnce'], resources: {}, volumeMode: 'Filesystem' },
        status: { phase: 'Pending' },
      },
    ],
    serviceName: '',
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    replicas: 1,
    revisionHistoryLimit: 10,
  })
})

test('jobs and cron jobs', () => {
  const template = {
    metadata: { labels: { a: 'b' } },
    spec: { containers: [container], restartPolicy: 'Never' },
  }
  const job = defaulted('batch/v1', 'Job', { spec: { template } })
  assert.deepEqual(job.metadata, { labels: { a: 'b' } })
  assert.deepEqual(job.spec, {
    template: { ...template, spec: { ...defaultedPodSpec, restartPolicy: 'Never' } },
    completions: 1,
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    manualSelector: false,
  })
  const open = defaulted('batch/v1', 'Job', { spec: { template, parallelism: 2 } }).spec as {
    completions?: number
  }
  assert.equal(open.completions, undefined)
  const cron = defaulted('batch/v1', 'CronJob', {
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } },
  })
  const { jobTemplate, ...rest } = cron.spec as { jobTemplate: { spec: object } }
  assert.deepEqual(Object.keys(jobTemplate.spec), ['template'])
  assert.deepEqual(rest, {
    schedule: '* * * * *',
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  })
})

test('the old spelling of fields is kept in step', () => {
  const secret = defaulted('v1', 'Secret', { data: { a: 'QQ==', b: 'Qg==' }, stringData: { b: 'ü', c: '' } })
  assert.deepEqual(secret.data, { a: 'QQ==', b: 'w7w=', c: '' })
  assert.equal(secret.stringData, undefined)
  const pod = defaulted('v1', 'Pod', {
    metadata: { annotations: { 'pod.beta.kubernetes.io/init-containers': '[]' } },
    spec: { containers: [container], serviceAccount: 'sa' },
    status: { podIPs: [{ ip: '10.0.0.1' }] },
  })
  assert.equal((pod.spec as { serviceAccountName: string }).serviceAccountName, 'sa')
  assert.equal((pod.status as { podIP: string }).podIP, '10.0.0.1')
  assert.deepEqual(pod.metadata, {})
})

test('kinds of the cluster', () => {
  assert.deepEqual(defaulted('v1', 'Namespace', { metadata: { name: 'n' } }), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'n', labels: { 'kubernetes.io/metadata.name': 'n' } },
    spec: {},
    status: { phase: 'Active' },
  })
  const subjects = [
    { kind: 'User', name: 'u' },
    { kind: 'ServiceAccount', name: 's', namespace: 'n' },
  ]
  const binding = defaulted('rbac.authorization.k8s.io/v1', 'RoleBinding', {
    subjects,
    roleRef: { kind: 'Role', name: 'r' },
  })
  assert.deepEqual(binding.roleRef, { kind: 'Role', name: 'r', apiGroup: 'rbac.authorization.k8s.io' })
  assert.deepEqual(binding.subjects, [{ ...subjects[0], apiGroup: 'rbac.authorization.k8s.io' }, subjects[1]])
  const definition = defaulted('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
    spec: {
      group: 'g.io',
      names: { kind: 'Foo', plural: 'foos' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true }],
    },
  })
  assert.deepEqual(definition.spec, {
    group: 'g.io',
    names: { kind: 'Foo', plural: 'foos', singular: 'foo', listKind: 'FooList' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true }],
    conversion: { strategy: 'None' },
  })
  const limits = defaulted('v1', 'LimitRange', {
    spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' } }] },
  })
  assert.deepEqual(limits.spec, {
    limits: [
      {
        type: 'Container',
        max: { cpu: '2' },
        min: { cpu: '1', memory: '1Mi' },
        default: { cpu: '2' },
        defaultRequest: { cpu: '2', memory: '1Mi' },
      },
    ],
  })
  const webhooks = [
    {
      name: 'w.x.y',
      clientConfig: { service: { name: 's', namespace: 'n' } },
      rules: [{ operations: ['*'] }],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ]
  const configuration = defaulted('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', {
    webhooks,
  })
  assert.deepEqual((configuration.webhooks as object[])[0], {
    ...webhooks[0],
    clientConfig: { service: { name: 's', namespace: 'n', port: 443 } },
    rules: [{ operations: ['*'], scope: '*' }],
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
    reinvocationPolicy: 'Never',
  })
})

test('the tag decides how an image is pulled', () => {
  const tags: [string, string | undefined][] = [
    ['nginx', 'latest'],
    ['nginx:1.2', '1.2'],
    ['localhost:5000/a/b', 'latest'],
    ['localhost:5000/a/b:v', 'v'],
    [`a@sha256:${'0'.repeat(64)}`, undefined],
    [`a:latest@sha256:${'0'.repeat(64)}`, 'latest'],
    ['Upper/case', 'latest'],
    ['UPPER', undefined],
    ['', undefined],
    ['a b', undefined],
  ]
  for (const [image, tag] of tags) assert.equal(imageTag(image), tag, image)
})
