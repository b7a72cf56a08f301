import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaOf } from '../schema/schemas.ts'
import { conform } from './conform.ts'
import { DecodeError } from './decode-error.ts'

const pod = schemaOf('io.k8s.api.core.v1.Pod')

test('fields are written as Go writes them', () => {
  const object = conform(pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels: {}, annotations: null, creationTimestamp: null },
    spec: {
      containers: [
        { name: 'c', image: '', command: [], stdin: false, livenessProbe: { httpGet: { port: '80' } } },
      ],
      hostNetwork: false,
      terminationGracePeriodSeconds: 0,
      nodeSelector: undefined,
    },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  })
  assert.deepEqual(object, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      containers: [{ name: 'c', resources: {}, livenessProbe: { httpGet: { port: '80' } } }],
      terminationGracePeriodSeconds: 0,
    },
    // A time is a struct in Go, and is written though it was never set.
    status: {
      conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: null }],
    },
  })
})

test('scalars take their canonical form', () => {
  const quantities = { a: '1000m', b: '0.5Gi', c: 2, d: ' 100m ' }
  const object = conform(pod, {
    metadata: { creationTimestamp: '2024-01-01T02:00:00.5+01:00' },
    spec: { containers: [{ name: 'c', resources: { limits: quantities } }] },
  }) as { metadata: object; spec: { containers: { resources: object }[] } }
  assert.deepEqual(object.metadata, { creationTimestamp: '2024-01-01T01:00:00Z' })
  assert.deepEqual(object.spec.containers[0]?.resources, {
    limits: { a: '1', b: '512Mi', c: '2', d: '100m' },
  })
  const event = conform(schemaOf('io.k8s.api.events.v1.Event'), {
    eventTime: '2024-01-01T00:00:00.123456+02:00',
  })
  assert.equal(event.eventTime, '2023-12-31T22:00:00.123456Z')
  const secret = conform(schemaOf('io.k8s.api.core.v1.Secret'), { data: { a: 'QQ==\n' } })
  assert.deepEqual(secret.data, { a: 'QQ==' })
})

test('unknown fields are named with their path', () => {
  const unknown: string[] = []
  const object = conform(
    pod,
    {
      metadata: { foo: 1 },
      spec: { containers: [{ name: 'c' }, { bar: 1, name: 'd', env: [{ x: 1 }] }] },
      Kind: 'Pod',
    },
    unknown,
  )
  assert.deepEqual(unknown, [
    'unknown field "metadata.foo"',
    'unknown field "spec.containers[1].bar"',
    'unknown field "spec.containers[1].env[0].x"',
    'unknown field "Kind"',
  ])
  assert.equal('Kind' in object, false)
})

/** Bodies, and what upstream's decoder says of them. */
const wrong: [body: object, message: string][] = [
  [{ spec: 'x' }, 'json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec'],
  [
    { spec: { containers: {} } },
    'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
  ],
  [
    { metadata: { labels: { a: 1 } } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    { spec: { restartPolicy: true } },
    'json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
  ],
  [
    { spec: { containers: [{ ports: [{ containerPort: '80' }] }] } },
    'json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
  ],
  [
    { spec: { containers: [{ ports: [{ containerPort: 1.5 }] }] } },
    'json: cannot unmarshal number 1.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
  ],
  [{ spec: { containers: [{ resources: { limits: { cpu: '1x' } } }] } }, 'quantities must match'],
  [
    { spec: { containers: [{ resources: { limits: { cpu: '1mm' } } }] } },
    "unable to parse quantity's suffix",
  ],
  [{ metadata: { creationTimestamp: 'now' } }, 'parsing time "now" as "2006-01-02T15:04:05Z07:00"'],
]

test('values of a wrong type are refused in the words of Go', () => {
  for (const [body, message] of wrong) {
    assert.throws(
      () => conform(pod, body),
      (error: Error) => error instanceof DecodeError && error.message.startsWith(message),
      message,
    )
  }
  assert.throws(() => conform(schemaOf('io.k8s.api.core.v1.Secret'), { data: { a: '%' } }), {
    message: 'illegal base64 data at input byte 0',
  })
})

test('keys cannot reach the prototype', () => {
  const body = JSON.parse('{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}')
  const { metadata } = conform(pod, body) as { metadata: { labels: object } }
  assert.deepEqual(Object.keys(metadata.labels).sort(), ['__proto__', 'constructor'])
  assert.equal(Object.getPrototypeOf(metadata.labels), Object.prototype)
})

test('the schema inside of a definition is brought into shape too', () => {
  const definition = conform(
    schemaOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'),
    {
      properties: {
        a: { items: { type: 'string', nullable: false, unknown: 1 } },
        b: { additionalProperties: { type: 'integer', maxLength: null } },
        c: { additionalProperties: true, default: { any: [null] } },
      },
    },
  )
  assert.deepEqual(definition, {
    properties: {
      a: { items: { type: 'string' } },
      b: { additionalProperties: { type: 'integer' } },
      c: { additionalProperties: true, default: { any: [null] } },
    },
  })
})
