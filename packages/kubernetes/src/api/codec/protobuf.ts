import type { JsonObject } from '../json.ts'
import type { KubeObject } from '../kube-object.ts'
import { parseApiVersion } from '../resource-info.ts'
import { schemaNameOf } from '../resources.ts'
import { schemaOf } from '../schema/schemas.ts'
import { DecodeError } from '../structure/decode-error.ts'
import { decodeMessage } from './protobuf/decode-message.ts'
import { encodeMessage } from './protobuf/encode-message.ts'
import { WireReader } from './protobuf/wire-reader.ts'
import { WireWriter } from './protobuf/wire-writer.ts'

/** What bodies of `application/vnd.kubernetes.protobuf` start with: "k8s" and a zero. */
const magic = Buffer.from('k8s\0')

/** An object as its bare message, without envelope. `schemaName` e.g. `io.k8s.api.core.v1.Pod`. */
export function encodeProtobuf(schemaName: string, object: object): Uint8Array {
  return encodeMessage(schemaOf(schemaName), object)
}

/** A bare message in JSON form; apiVersion and kind are not part of messages. @throws DecodeError */
export function decodeProtobuf(schemaName: string, bytes: Uint8Array): KubeObject {
  return decodeMessage(schemaOf(schemaName), bytes, decodeRaw) as KubeObject
}

/** True when there is a message for the kind: custom resources have none, and are never sent as protobuf. */
export function hasProtobuf(object: { apiVersion?: string; kind?: string }): boolean {
  return schemaOfObject(object) !== undefined
}

/** An object as the body of a request or response: its message in a `runtime.Unknown` after the magic bytes. */
export function encodeEnvelope(object: KubeObject): Uint8Array {
  const schemaName = schemaOfObject(object)
  if (!schemaName) {
    throw new DecodeError(`object ${object.kind} does not implement the protobuf marshalling interface`)
  }
  const writer = new WireWriter()
  writer.textField(4, '')
  writer.textField(3, '')
  let before = writer.length
  writer.bytes(encodeProtobuf(schemaName, object))
  writer.delimit(2, before)
  before = writer.length
  writer.textField(2, object.kind ?? '')
  writer.textField(1, object.apiVersion ?? '')
  writer.delimit(1, before)
  writer.bytes(magic)
  return writer.finish()
}

/** True when a body starts like an enveloped message. */
export function isEnvelope(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && magic.equals(bytes.subarray(0, 4))
}

/** Opposite of {@link encodeEnvelope}. @throws DecodeError */
export function decodeEnvelope(bytes: Uint8Array): KubeObject {
  if (!isEnvelope(bytes)) {
    throw new DecodeError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    )
  }
  const reader = new WireReader(bytes, 4)
  let apiVersion = ''
  let kind = ''
  let raw: Uint8Array = new Uint8Array()
  while (!reader.done) {
    const tag = reader.varint()
    if (tag >> 3 === 1) [apiVersion, kind] = readTypeMeta(reader.message())
    else if (tag >> 3 === 2) raw = reader.bytes()
    else reader.skip(tag & 7)
  }
  const schemaName = schemaOfObject({ apiVersion, kind })
  if (!schemaName) throw new DecodeError(`no kind "${kind}" is registered for version "${apiVersion}"`)
  return { kind, apiVersion, ...decodeProtobuf(schemaName, raw) }
}

/** One frame of a protobuf watch stream: length, then a bare `meta/v1 WatchEvent` around the enveloped object. */
export function encodeWatchFrame(type: string, object: KubeObject): Uint8Array {
  const writer = new WireWriter()
  let before = writer.length
  writer.bytes(encodeEnvelope(object))
  writer.delimit(1, before)
  before = writer.length - before
  writer.delimit(2, writer.length - before)
  writer.textField(1, type)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(writer.length)
  writer.bytes(size)
  return writer.finish()
}

/** The event in a frame, without its length. */
export function decodeWatchEvent(frame: Uint8Array): { type: string; object: JsonObject } {
  const event = decodeProtobuf('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent', frame)
  return { type: String(event.type ?? ''), object: event.object as JsonObject }
}

function readTypeMeta(reader: WireReader): [apiVersion: string, kind: string] {
  const texts = ['', '']
  while (!reader.done) {
    const tag = reader.varint()
    if (tag >> 3 === 1 || tag >> 3 === 2) texts[(tag >> 3) - 1] = reader.text()
    else reader.skip(tag & 7)
  }
  return texts as [string, string]
}

function schemaOfObject({ apiVersion, kind }: { apiVersion?: string; kind?: string }): string | undefined {
  return schemaNameOf({ ...parseApiVersion(apiVersion ?? ''), kind: kind ?? '' })
}

function decodeRaw(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return null
  if (isEnvelope(bytes)) return decodeEnvelope(bytes)
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  } catch {
    throw new DecodeError('an embedded object is neither JSON nor a message')
  }
}
