import type { Init } from '../call.ts'
import { decodeMessage } from './decode.ts'
import { encodeMessage } from './encode.ts'

export type Scalar = 'int32' | 'int64' | 'uint32' | 'uint64' | 'double' | 'bool' | 'string' | 'bytes'

export interface FieldType {
  readonly name: string
  readonly number: number
  readonly repeated: boolean
  /** Values of a map; keys are strings. */
  readonly map: boolean
  readonly type: Scalar | Shape
}

/** A message's fields, by number and in order. */
export interface Shape {
  readonly fields: readonly FieldType[]
  readonly byNumber: ReadonlyMap<number, FieldType>
}

/** Codec of one message. 64-bit integers are numbers: times in ns lose at most 128 ns, which nothing here minds. */
export interface MessageType<T> {
  encode(message: Init<T>): Buffer
  decode(bytes: Uint8Array): T
}

const scalars = new Set<string>(['int32', 'int64', 'uint32', 'uint64', 'double', 'bool', 'string', 'bytes'])

/**
 * Codecs out of field lists (`name:number:type …`; `*type` repeats, `string>type` is a map). A message's list is read
 * when it is first needed, so that importing many messages costs nothing.
 */
export function defineMessages<M extends object>(
  lists: Record<keyof M & string, string>,
): <K extends keyof M & string>(name: K) => MessageType<M[K]> {
  const shapes = new Map<string, Shape>()
  const shape = (name: string): Shape => {
    const known = shapes.get(name)
    if (known) return known
    const fields: FieldType[] = []
    const byNumber = new Map<number, FieldType>()
    const made: Shape = { fields, byNumber }
    shapes.set(name, made)
    const list = lists[name as keyof M & string]
    if (list === undefined) throw new Error(`no message ${name}`)
    for (const text of list.split(' ').filter(Boolean)) {
      const [field, number, spec] = text.split(':') as [string, string, string]
      const repeated = spec.startsWith('*')
      const map = spec.includes('>')
      const type = map ? spec.slice(spec.indexOf('>') + 1) : repeated ? spec.slice(1) : spec
      const entry: FieldType = {
        name: field,
        number: Number(number),
        repeated,
        map,
        type: scalars.has(type) ? (type as Scalar) : shape(type),
      }
      fields.push(entry)
      byNumber.set(entry.number, entry)
    }
    return made
  }
  return <K extends keyof M & string>(name: K): MessageType<M[K]> => ({
    encode: (message) => encodeMessage(shape(name), message as Record<string, unknown>),
    decode: (bytes) => decodeMessage(shape(name), bytes) as M[K],
  })
}
