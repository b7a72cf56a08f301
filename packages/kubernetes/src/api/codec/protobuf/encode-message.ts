import { parseDuration } from '../../duration.ts'
import { isJsonObject, type JsonObject } from '../../json.ts'
import type {
  AnyNode,
  FieldNode,
  ListNode,
  ScalarNode,
  SchemaNode,
  StructNode,
} from '../../schema/schema-node.ts'
import { schemaOf } from '../../schema/schemas.ts'
import { type MessagePlan, messagePlan } from './message-plan.ts'
import { jsonSchemaProps, seconds } from './well-known.ts'
import { WireWriter } from './wire-writer.ts'

/**
 * An object as its protobuf message, byte for byte as upstream writes it: fields in the order of their numbers, fields
 * that are no pointers always there, maps sorted by key.
 */
export function encodeMessage(struct: StructNode, object: object): Uint8Array {
  const writer = new WireWriter()
  writeStruct(writer, struct, object as JsonObject)
  return writer.finish()
}

function writeStruct(writer: WireWriter, struct: StructNode, object: JsonObject): void {
  writePlan(writer, messagePlan(struct), object)
}

function writePlan(writer: WireWriter, plan: MessagePlan, object: JsonObject): void {
  for (const wire of plan.fields) {
    if ('field' in wire) writeField(writer, wire.field, object[wire.field.name])
    else {
      const before = writer.length
      writePlan(writer, wire.inlined, object)
      writer.delimit(wire.number, before)
    }
  }
}

function writeField(writer: WireWriter, field: FieldNode, value: unknown): void {
  const { node } = field
  const number = field.number!
  if (node.kind === 'list' && !node.wrapped) {
    if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index--)
        writeValue(writer, number, node.element, value[index])
    }
    return
  }
  if (node.kind === 'map') {
    if (!isJsonObject(value)) return
    for (const key of Object.keys(value).sort(byBytes).reverse()) {
      const before = writer.length
      writeValue(writer, 2, node.value, value[key])
      writer.textField(1, key)
      writer.delimit(number, before)
    }
    return
  }
  if (value === undefined || value === null) {
    // Only pointers and byte strings can be absent.
    if (field.pointer || node.kind === 'list' || (node.kind === 'scalar' && node.type === 'bytes')) return
  }
  writeValue(writer, number, node, value)
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

function writeValue(writer: WireWriter, number: number, node: SchemaNode, value: unknown): void {
  if (node.kind === 'scalar') {
    writeScalar(writer, number, node, value)
    return
  }
  const before = writer.length
  if (node.kind === 'struct') writeStruct(writer, node, isJsonObject(value) ? value : {})
  else if (node.kind === 'any') writeAny(writer, node, value)
  else if (node.kind === 'list') writeWrapped(writer, node, value)
  writer.delimit(number, before)
}

function writeWrapped(writer: WireWriter, node: ListNode, value: unknown): void {
  if (!Array.isArray(value)) return
  for (let index = value.length - 1; index >= 0; index--) writeValue(writer, 1, node.element, value[index])
}

function writeScalar(writer: WireWriter, number: number, node: ScalarNode, value: unknown): void {
  switch (node.type) {
    case 'string':
      writer.textField(number, (value ?? '') as string)
      break
    case 'bytes':
      writer.textField(number, (value ?? '') as string, 'base64')
      break
    case 'boolean':
      writeInt(writer, number, value ? 1 : 0)
      break
    case 'int32':
    case 'int64':
      writeInt(writer, number, (value ?? 0) as number)
      break
    case 'double':
      writer.double((value ?? 0) as number)
      writer.tag(number, 1)
      break
    default: {
      const before = writer.length
      writeScalarMessage(writer, node, value)
      writer.delimit(number, before)
    }
  }
}

/** The insides of scalars that are messages on the wire. */
function writeScalarMessage(writer: WireWriter, node: ScalarNode, value: unknown): void {
  switch (node.type) {
    case 'quantity':
      writer.textField(1, String(value ?? '0'))
      break
    case 'intOrString': {
      const text = typeof value === 'string'
      writer.textField(3, text ? value : '')
      writeInt(writer, 2, text ? 0 : ((value ?? 0) as number))
      writeInt(writer, 1, text ? 1 : 0)
      break
    }
    case 'time':
    case 'microTime':
      if (typeof value === 'string') {
        const time = seconds(value)
        writeInt(writer, 2, time.nanos)
        writeInt(writer, 1, time.seconds)
      }
      break
    case 'duration':
      writeInt(writer, 1, Math.round((parseDuration(String(value ?? '0')) ?? 0) * 1e6))
  }
}

function writeInt(writer: WireWriter, number: number, value: number): void {
  writer.varint(value)
  writer.tag(number, 0)
}

/** The message that holds free-form JSON. */
function writeAny(writer: WireWriter, node: AnyNode, value: unknown): void {
  switch (node.wire) {
    case 'schemaOrArray':
      if (Array.isArray(value)) for (const each of value.toReversed()) writeProps(writer, 2, each)
      else writeProps(writer, 1, value)
      break
    case 'schemaOrBool':
      if (isJsonObject(value)) writeProps(writer, 2, value)
      writeInt(writer, 1, value === false ? 0 : 1)
      break
    case 'schemaOrStrings':
      if (Array.isArray(value)) for (const each of value.toReversed()) writer.textField(2, each)
      else writeProps(writer, 1, value)
      break
    default:
      if (value !== undefined && value !== null) writer.textField(1, JSON.stringify(value))
  }
}

function writeProps(writer: WireWriter, number: number, value: unknown): void {
  writeValue(writer, number, schemaOf(jsonSchemaProps), value)
}
