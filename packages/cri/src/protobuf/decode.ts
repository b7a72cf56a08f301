import type { FieldType, Scalar, Shape } from './message-type.ts'

class Reader {
  readonly bytes: Buffer
  at: number
  readonly end: number

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  /** Up to 2^53 exactly, above that rounded; negative when bit 63 is set and `signed`. */
  varint(signed: boolean): number {
    let value = 0
    let factor = 1
    for (let count = 0; count < 10; count++) {
      if (this.at >= this.end) throw new Error('protobuf: truncated varint')
      const byte = this.bytes[this.at++]!
      value += (byte & 0x7f) * factor
      factor *= 128
      if (byte < 0x80) {
        return signed && count === 9 ? this.negative(this.at - 10) : value
      }
    }
    throw new Error('protobuf: varint too long')
  }

  private negative(start: number): number {
    let value = 0n
    for (let index = 0; index < 10; index++) {
      value |= BigInt(this.bytes[start + index]! & 0x7f) << BigInt(7 * index)
    }
    return Number(BigInt.asIntN(64, value))
  }

  /** The next `length` bytes as a reader of their own. */
  part(): Reader {
    const length = this.varint(false)
    const start = this.at
    if (start + length > this.end) throw new Error('protobuf: truncated field')
    this.at = start + length
    return new Reader(this.bytes, start, this.at)
  }

  double(): number {
    const value = this.bytes.readDoubleLE(this.at)
    this.at += 8
    return value
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint(false)
    else if (wireType === 1) this.at += 8
    else if (wireType === 2) this.part()
    else if (wireType === 5) this.at += 4
    else throw new Error(`protobuf: wire type ${wireType}`)
  }
}

type Message = Record<string, unknown>

export function decodeMessage(shape: Shape, bytes: Uint8Array): Message {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return read(shape, new Reader(buffer, 0, buffer.length))
}

function read(shape: Shape, reader: Reader): Message {
  const message: Message = {}
  for (const field of shape.fields) {
    const zero = zeroOf(field)
    if (zero !== undefined) message[field.name] = zero
  }
  while (reader.at < reader.end) {
    const tag = reader.varint(false)
    const field = shape.byNumber.get(Math.floor(tag / 8))
    if (field) readField(message, field, tag % 8, reader)
    else reader.skip(tag % 8)
  }
  return message
}

function zeroOf(field: FieldType): unknown {
  if (field.map) return {}
  if (field.repeated) return []
  return typeof field.type === 'string' ? zeroScalar(field.type) : undefined
}

function zeroScalar(type: Scalar): unknown {
  if (type === 'string') return ''
  if (type === 'bool') return false
  if (type === 'bytes') return Buffer.alloc(0)
  return 0
}

function readField(message: Message, field: FieldType, wireType: number, reader: Reader): void {
  const { name, type } = field
  if (field.map) {
    const [key, value] = readEntry(field, reader.part())
    ;(message[name] as Record<string, unknown>)[key] = value
  } else if (field.repeated) {
    const list = message[name] as unknown[]
    if (wireType === 2 && typeof type === 'string' && type !== 'string' && type !== 'bytes') {
      const packed = reader.part()
      while (packed.at < packed.end) list.push(readValue(type, packed))
    } else {
      list.push(readValue(type, reader))
    }
  } else {
    message[name] = readValue(type, reader)
  }
}

function readValue(type: FieldType['type'], reader: Reader): unknown {
  if (typeof type !== 'string') return read(type, reader.part())
  switch (type) {
    case 'string': {
      const part = reader.part()
      return part.bytes.toString('utf8', part.at, part.end)
    }
    case 'bytes': {
      const part = reader.part()
      return Buffer.from(part.bytes.subarray(part.at, part.end))
    }
    case 'double':
      return reader.double()
    case 'bool':
      return reader.varint(false) !== 0
    case 'int32':
      return reader.varint(true) | 0
    case 'int64':
      return reader.varint(true)
    default:
      return reader.varint(false)
  }
}

function readEntry(field: FieldType, reader: Reader): [string, unknown] {
  let key = ''
  let value: unknown
  while (reader.at < reader.end) {
    const tag = reader.varint(false)
    if (tag >> 3 === 1) key = readValue('string', reader) as string
    else if (tag >> 3 === 2) value = readValue(field.type, reader)
    else reader.skip(tag % 8)
  }
  if (value === undefined) {
    value =
      typeof field.type === 'string'
        ? zeroScalar(field.type)
        : read(field.type, new Reader(reader.bytes, 0, 0))
  }
  return [key, value]
}
