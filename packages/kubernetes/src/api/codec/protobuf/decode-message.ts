import { formatDuration } from '../../duration.ts'
import type { JsonObject } from '../../json.ts'
import type { AnyNode, FieldNode, ScalarNode, SchemaNode, StructNode } from '../../schema/schema-node.ts'
import { schemaOf } from '../../schema/schemas.ts'
import { DecodeError } from '../../structure/decode-error.ts'
import { alwaysWritten, isOmitted, zeroScalar, zeroValue } from '../../structure/go-fields.ts'
import { setOwn } from '../../structure/set-own.ts'
import { type MessagePlan, messagePlan } from './message-plan.ts'
import { jsonSchemaProps, timeOf } from './well-known.ts'
import { WireReader } from './wire-reader.ts'

/** Reads bytes of embedded objects (RawExtension), which may be enveloped messages. */
export type RawDecoder = (bytes: Uint8Array) => unknown

/**
 * A protobuf message in the JSON form that `conform` gives. Fields that the schema does not know are skipped. Map keys
 * and list elements keep the order of the wire.
 * @throws DecodeError
 */
export function decodeMessage(struct: StructNode, bytes: Uint8Array, raw: RawDecoder): JsonObject {
  return readStruct(new WireReader(bytes), struct, raw)
}

function readStruct(reader: WireReader, struct: StructNode, raw: RawDecoder): JsonObject {
  const result: JsonObject = {}
  readPlan(reader, messagePlan(struct), result, raw)
  for (const field of alwaysWritten(struct)) {
    if (result[field.name] === undefined) result[field.name] = zeroValue(field.node)
  }
  return result
}

function readPlan(reader: WireReader, plan: MessagePlan, into: JsonObject, raw: RawDecoder): void {
  while (!reader.done) {
    const tag = reader.varint()
    const wireType = tag & 7
    const wire = plan.byNumber.get(Math.floor(tag / 8))
    if (!wire) reader.skip(wireType)
    else if ('field' in wire) readField(reader, wire.field, wireType, into, raw)
    else readPlan(reader.message(), wire.inlined, into, raw)
  }
}

function readField(
  reader: WireReader,
  field: FieldNode,
  wireType: number,
  into: JsonObject,
  raw: RawDecoder,
): void {
  const { node, name } = field
  if (node.kind === 'list' && !node.wrapped) {
    let list = into[name] as unknown[] | undefined
    if (!list) {
      list = []
      into[name] = list
    }
    const { element } = node
    // Packed numbers are accepted though upstream does not write them.
    if (
      wireType === 2 &&
      element.kind === 'scalar' &&
      (element.type === 'int32' || element.type === 'int64')
    ) {
      for (const packed = reader.message(); !packed.done; ) list.push(packed.int())
    } else list.push(readValue(reader, element, wireType, raw))
  } else if (node.kind === 'map') {
    const map = (into[name] ?? {}) as JsonObject
    into[name] = map
    readEntry(reader.message(), node.value, map, raw)
  } else {
    const value = readValue(reader, node, wireType, raw)
    if (!isOmitted(field, value)) into[name] = value
  }
}

function readEntry(entry: WireReader, valueNode: SchemaNode, into: JsonObject, raw: RawDecoder): void {
  let key = ''
  let value: unknown
  while (!entry.done) {
    const tag = entry.varint()
    if (tag >> 3 === 1) key = entry.text()
    else if (tag >> 3 === 2) value = readValue(entry, valueNode, tag & 7, raw)
    else entry.skip(tag & 7)
  }
  setOwn(into, key, value ?? zeroValue(valueNode))
}

function readValue(reader: WireReader, node: SchemaNode, wireType: number, raw: RawDecoder): unknown {
  switch (node.kind) {
    case 'scalar':
      return readScalar(reader, node, wireType)
    case 'struct':
      expect(wireType, 2)
      return readStruct(reader.message(), node, raw)
    case 'any':
      expect(wireType, 2)
      return readAny(reader.message(), node, raw)
    case 'list': {
      const items: unknown[] = []
      eachField(reader.message(), (message, number, type) => {
        if (number === 1) items.push(readValue(message, node.element, type, raw))
        else message.skip(type)
      })
      return items
    }
    case 'map':
      throw new DecodeError('a map cannot stand in a list or map')
  }
}

function readScalar(reader: WireReader, node: ScalarNode, wireType: number): unknown {
  switch (node.type) {
    case 'string':
      expect(wireType, 2)
      return reader.text()
    case 'bytes':
      expect(wireType, 2)
      return reader.text('base64')
    case 'boolean':
      expect(wireType, 0)
      return reader.varint() !== 0
    case 'int32':
    case 'int64':
      expect(wireType, 0)
      return reader.int()
    case 'double':
      expect(wireType, 1)
      return reader.double()
  }
  expect(wireType, 2)
  const fields = scalarFields(reader.message())
  switch (node.type) {
    case 'quantity':
      return fields.get(1) ?? zeroScalar(node)
    case 'intOrString':
      return fields.get(1) === 1 ? (fields.get(3) ?? '') : (fields.get(2) ?? 0)
    case 'time':
    case 'microTime':
      if (fields.size === 0) return null
      return timeOf(
        { seconds: (fields.get(1) ?? 0) as number, nanos: (fields.get(2) ?? 0) as number },
        node.type === 'microTime',
      )
    case 'duration':
      return formatDuration(Number(fields.get(1) ?? 0) / 1e6)
  }
}

/** Varints and texts of a small message by number. */
function scalarFields(message: WireReader): Map<number, number | string> {
  const fields = new Map<number, number | string>()
  eachField(message, (reader, number, wireType) => {
    if (wireType === 0) fields.set(number, reader.int())
    else if (wireType === 2) fields.set(number, reader.text())
    else reader.skip(wireType)
  })
  return fields
}

function readAny(message: WireReader, node: AnyNode, raw: RawDecoder): unknown {
  const schemas: JsonObject[] = []
  const texts: string[] = []
  let allows = true
  let found: unknown
  const array = node.wire === 'schemaOrArray'
  let many = false
  eachField(message, (reader, number, wireType) => {
    switch (node.wire) {
      case 'schemaOrArray':
        if (number === 2) many = true
        schemas.push(readProps(reader, raw))
        return
      case 'schemaOrBool':
        if (number === 1) allows = reader.varint() !== 0
        else schemas.push(readProps(reader, raw))
        return
      case 'schemaOrStrings':
        if (number === 1) schemas.push(readProps(reader, raw))
        else texts.push(reader.text())
        return
      case 'raw':
        if (number === 1) found = raw(reader.bytes())
        else reader.skip(wireType)
        return
      default:
        if (number === 1) found = parseJson(reader.text())
        else reader.skip(wireType)
    }
  })
  if (array) return many ? schemas : (schemas[0] ?? null)
  if (node.wire === 'schemaOrBool') return schemas[0] ?? allows
  if (node.wire === 'schemaOrStrings') return schemas[0] ?? texts
  return found ?? null
}

function readProps(reader: WireReader, raw: RawDecoder): JsonObject {
  return readStruct(reader.message(), schemaOf(jsonSchemaProps), raw)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new DecodeError(`invalid JSON inside of a message: ${text.slice(0, 40)}`)
  }
}

function eachField(
  message: WireReader,
  read: (reader: WireReader, number: number, wireType: number) => void,
): void {
  while (!message.done) {
    const tag = message.varint()
    read(message, Math.floor(tag / 8), tag & 7)
  }
}

function expect(found: number, wanted: number): void {
  if (found !== wanted) throw new DecodeError(`proto: wrong wireType = ${found}`)
}
