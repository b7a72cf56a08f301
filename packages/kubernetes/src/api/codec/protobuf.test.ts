import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { KubeObject } from '../kube-object.ts'
import { parseApiVersion } from '../resource-info.ts'
import { schemaNameOf } from '../resources.ts'
import { schemaOf } from '../schema/schemas.ts'
import { conform } from '../structure/conform.ts'
import { DecodeError } from '../structure/decode-error.ts'
import {
  decodeEnvelope,
  decodeProtobuf,
  decodeWatchEvent,
  encodeEnvelope,
  encodeProtobuf,
  encodeWatchFrame,
  hasProtobuf,
} from './protobuf.ts'

/** Where Debian's golang-k8s-api-dev keeps the pairs of every kind. */
const pairs = process.env.KUBERNETES_API_PAIRS ?? '/usr/share/gocode/src/k8s.io/api/testdata/HEAD'
const skip = existsSync(pairs)
  ? false
  : `needs the JSON and protobuf pairs of ${pairs} (KUBERNETES_API_PAIRS)`

test("upstream's pairs: both ways, byte for byte, and conform leaves them as they are", { skip }, () => {
  let seen = 0
  for (const file of readdirSync(pairs)) {
    const pb = join(pairs, file.replace(/json$/, 'pb'))
    if (!file.endsWith('.json') || !existsSync(pb)) continue
    const object: KubeObject = JSON.parse(readFileSync(join(pairs, file), 'utf8'))
    if (!hasProtobuf(object)) continue
    const bytes = readFileSync(pb)
    assert.deepEqual(decodeEnvelope(bytes), object, file)
    assert.ok(bytes.equals(encodeEnvelope(object)), file)
    const schema = schemaNameOf({ ...parseApiVersion(object.apiVersion ?? ''), kind: object.kind ?? '' })
    assert.deepEqual(conform(schemaOf(schema!), object), object, file)
    seen++
  }
  assert.ok(seen >= 85, `only ${seen} pairs`)
})

const configMap = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { k: 'v' } }
/** Written by hand from the wire format; unset fields of ObjectMeta that are no pointers are there, empty. */
const configMapMessage = [
  // metadata, 17 bytes: name, generateName, namespace, selfLink, uid, resourceVersion, generation, creationTimestamp
  ...[0x0a, 17, 0x0a, 1, 0x61, 0x12, 0, 0x1a, 0, 0x22, 0, 0x2a, 0, 0x32, 0, 0x38, 0, 0x42, 0],
  // data: one entry
  ...[0x12, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x76],
]

test('a message as written by hand', () => {
  const message = encodeProtobuf('io.k8s.api.core.v1.ConfigMap', configMap)
  assert.deepEqual([...message], configMapMessage)
  assert.deepEqual(decodeProtobuf('io.k8s.api.core.v1.ConfigMap', message), {
    metadata: { name: 'a' },
    data: { k: 'v' },
  })
})

test('the envelope carries apiVersion and kind', () => {
  const envelope = encodeEnvelope(configMap)
  assert.equal(Buffer.from(envelope.subarray(0, 4)).toString(), 'k8s\0')
  assert.deepEqual(decodeEnvelope(envelope), configMap)
})

test('special values survive', () => {
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'é'.repeat(3000), creationTimestamp: '2024-02-29T12:00:00Z', generation: -1 },
    spec: {
      containers: [
        {
          name: 'c',
          resources: { limits: { cpu: '100m', memory: '1Gi' } },
          livenessProbe: { httpGet: { port: 'http' }, periodSeconds: 5 },
          lifecycle: { preStop: { httpGet: { port: 80 } } },
        },
      ],
      priority: -2147483648,
      terminationGracePeriodSeconds: 2 ** 40,
    },
    status: { startTime: '1969-12-31T23:59:59Z' },
  }
  assert.deepEqual(decodeEnvelope(encodeEnvelope(pod)), pod)
  const lease = {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    metadata: {},
    spec: { renewTime: '2024-01-01T00:00:00.012345Z' },
  }
  assert.deepEqual(decodeEnvelope(encodeEnvelope(lease)), lease)
})

test('a definition keeps the unions of its schema', () => {
  const definition = {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    metadata: { name: 'a.b.c' },
    spec: {
      group: 'b.c',
      names: { plural: 'a', kind: 'A' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                list: { items: { type: 'string', default: 'x' } },
                open: { additionalProperties: true },
                closed: { additionalProperties: false },
                typed: { additionalProperties: { type: 'integer', minimum: 1.5 } },
              },
            },
          },
        },
      ],
    },
    status: { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] },
  }
  const decoded = decodeEnvelope(encodeEnvelope(definition)) as unknown as typeof definition
  assert.deepEqual(decoded.spec, definition.spec)
})

test('watch frames hold the enveloped object', () => {
  const frame = Buffer.from(encodeWatchFrame('ADDED', configMap))
  assert.equal(frame.readUInt32BE(0), frame.length - 4)
  assert.deepEqual(decodeWatchEvent(frame.subarray(4)), { type: 'ADDED', object: configMap })
})

test('bytes that are no message are refused', () => {
  assert.throws(() => decodeEnvelope(Buffer.from('{}')), DecodeError)
  assert.throws(() => decodeProtobuf('io.k8s.api.core.v1.Pod', Buffer.from([0x0a, 0x7f, 0x01])), DecodeError)
  assert.throws(() => encodeEnvelope({ apiVersion: 'example.com/v1', kind: 'Foo' }), DecodeError)
})
