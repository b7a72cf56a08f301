import type { FieldType, Scalar, Shape } from './message-type.ts'

/** Grows by doubling; one per message, nested messages are written behind a length that is filled in afterwards. */
class Writer {
  private buffer = Buffer.allocUnsafe(256)
  private length = 0

  private room(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }

  varint(value: number): void {
    this.room(10)
    if (value < 0) {
      // Two's complement in ten bytes.
      let rest = BigInt.asUintN(64, BigInt(value))
      while (rest > 0x7fn) {
        this.buffer[this.length++] = Number(rest & 0x7fn) | 0x80
        rest >>= 7n
      }
      this.buffer[this.length++] = Number(rest)
      return
    }
    while (value > 0x7f) {
      this.buffer[this.length++] = (value % 128) | 0x80
      value = Math.floor(value / 128)
    }
    this.buffer[this.length++] = value
  }

  double(value: number): void {
    this.room(8)
    this.length = this.buffer.writeDoubleLE(value, this.length)
  }

  string(value: string): void {
    const bytes = Buffer.byteLength(value)
    this.varint(bytes)
    this.room(bytes)
    this.length += this.buffer.write(value, this.length)
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length)
    this.room(value.length)
    this.buffer.set(value, this.length)
    this.length += value.length
  }

  finish(): Buffer {
    return this.buffer.subarray(0, this.length)
  }
}

const wireTypes: Record<Scalar, number> = {
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  bool: 0,
  double: 1,
  string: 2,
  bytes: 2,
}

/** Zero values are left out, as proto3 does. */
export function encodeMessage(shape: Shape, message: Record<string, unknown>): Buffer {
  const writer = new Writer()
  for (const field of shape.fields) {
    const value = message[field.name]
    if (value === undefined || value === null) continue
    if (field.map) {
      for (const [key, item] of Object.entries(value)) writeEntry(writer, field, key, item)
    } else if (field.repeated) {
      writeList(writer, field, value as unknown[])
    } else if (!isZero(value)) {
      writeField(writer, field.number, field.type, value)
    }
  }
  return writer.finish()
}

function isZero(value: unknown): boolean {
  return value === 0 || value === '' || value === false || (value instanceof Uint8Array && value.length === 0)
}

function writeField(writer: Writer, number: number, type: FieldType['type'], value: unknown): void {
  if (typeof type !== 'string') {
    writer.varint(number * 8 + 2)
    writer.bytes(encodeMessage(type, value as Record<string, unknown>))
    return
  }
  writer.varint(number * 8 + wireTypes[type])
  writeScalar(writer, type, value)
}

function writeScalar(writer: Writer, type: Scalar, value: unknown): void {
  if (type === 'string') writer.string(value as string)
  else if (type === 'bytes') writer.bytes(value as Uint8Array)
  else if (type === 'double') writer.double(value as number)
  else if (type === 'bool') writer.varint(value ? 1 : 0)
  else writer.varint(value as number)
}

function writeList(writer: Writer, field: FieldType, values: unknown[]): void {
  const { type } = field
  if (typeof type !== 'string' || type === 'string' || type === 'bytes') {
    for (const value of values) writeField(writer, field.number, type, value)
  } else if (values.length > 0) {
    const packed = new Writer()
    for (const value of values) writeScalar(packed, type, value)
    writer.varint(field.number * 8 + 2)
    writer.bytes(packed.finish())
  }
}

function writeEntry(writer: Writer, field: FieldType, key: string, value: unknown): void {
  const entry = new Writer()
  writeField(entry, 1, 'string', key)
  writeField(entry, 2, field.type, value)
  writer.varint(field.number * 8 + 2)
  writer.bytes(entry.finish())
}
