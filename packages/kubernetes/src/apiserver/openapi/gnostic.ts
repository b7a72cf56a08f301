import { WireWriter } from '../../api/codec/protobuf/wire-writer.ts'
import { isJsonObject } from '../../api/json.ts'

/*
 * Messages of gnostic's OpenAPIv2.proto, as far as our documents need them: JSON keyword → field number and what is in it.
 *
 *   text, flag, number     scalars
 *   any                    free-form, written as YAML (JSON is)
 *   <Message>              one
 *   []<kind>               a list of them
 *   named <Message>        an object: a list of {name = 1, value = 2}
 *
 * `x-` keywords go into the field that `extensions` names, as named any.
 */
type Kind = string

interface MessageSpec {
  fields: Record<string, readonly [number: number, kind: Kind]>
  extensions?: number
  /** Every keyword that is none of the fields is an entry of this one: `paths`, `responses`. */
  entries?: readonly [number: number, kind: Kind]
}

const query: MessageSpec['fields'] = {
  required: [1, 'flag'],
  in: [2, 'text'],
  name: [4, 'text'],
  type: [6, 'text'],
  uniqueItems: [20, 'flag'],
}
const path: MessageSpec['fields'] = {
  required: [1, 'flag'],
  in: [2, 'text'],
  name: [4, 'text'],
  type: [5, 'text'],
  uniqueItems: [19, 'flag'],
}

const messages: Record<string, MessageSpec> = {
  Document: {
    fields: {
      swagger: [1, 'text'],
      info: [2, 'Info'],
      paths: [8, 'Paths'],
      definitions: [9, 'Definitions'],
      security: [12, '[]SecurityRequirement'],
      securityDefinitions: [13, 'SecurityDefinitions'],
    },
    extensions: 16,
  },
  Info: { fields: { title: [1, 'text'], version: [2, 'text'] } },
  Paths: { fields: {}, entries: [2, 'PathItem'] },
  PathItem: {
    fields: {
      get: [2, 'Operation'],
      put: [3, 'Operation'],
      post: [4, 'Operation'],
      delete: [5, 'Operation'],
      patch: [8, 'Operation'],
      parameters: [9, '[]Parameter'],
    },
    extensions: 10,
  },
  Operation: {
    fields: {
      tags: [1, '[]text'],
      description: [3, 'text'],
      operationId: [5, 'text'],
      produces: [6, '[]text'],
      consumes: [7, '[]text'],
      parameters: [8, '[]Parameter'],
      responses: [9, 'Responses'],
      schemes: [10, '[]text'],
    },
    extensions: 13,
  },
  BodyParameter: {
    fields: { name: [2, 'text'], in: [3, 'text'], required: [4, 'flag'], schema: [5, 'Schema'] },
  },
  QueryParameter: { fields: query },
  PathParameter: { fields: path },
  Responses: { fields: {}, entries: [1, 'Response'] },
  ResponseBody: { fields: { description: [1, 'text'], schema: [2, 'SchemaItem'] } },
  Definitions: { fields: {}, entries: [1, 'Schema'] },
  Properties: { fields: {}, entries: [1, 'Schema'] },
  Schema: {
    fields: {
      $ref: [1, 'text'],
      format: [2, 'text'],
      title: [3, 'text'],
      description: [4, 'text'],
      default: [5, 'any'],
      multipleOf: [6, 'number'],
      maximum: [7, 'number'],
      exclusiveMaximum: [8, 'flag'],
      minimum: [9, 'number'],
      exclusiveMinimum: [10, 'flag'],
      maxLength: [11, 'integer'],
      minLength: [12, 'integer'],
      pattern: [13, 'text'],
      maxItems: [14, 'integer'],
      minItems: [15, 'integer'],
      uniqueItems: [16, 'flag'],
      maxProperties: [17, 'integer'],
      minProperties: [18, 'integer'],
      required: [19, '[]text'],
      enum: [20, '[]any'],
      additionalProperties: [21, 'AdditionalProperties'],
      type: [22, 'Type'],
      items: [23, 'Items'],
      properties: [25, 'Properties'],
      example: [30, 'any'],
    },
    extensions: 31,
  },
  SecurityDefinitions: { fields: {}, entries: [1, 'SecurityDefinition'] },
  ApiKey: { fields: { type: [1, 'text'], name: [2, 'text'], in: [3, 'text'] } },
  SecurityRequirement: { fields: {}, entries: [1, 'Texts'] },
}

/** A Swagger document as the protobuf message that kubectl asks for. */
export function encodeSwagger(document: object): Uint8Array {
  const writer = new WireWriter()
  writeMessage(writer, 'Document', document as Record<string, unknown>)
  return writer.finish()
}

/** Fields may come in any order on the wire; entries keep theirs. */
function writeMessage(writer: WireWriter, name: string, value: Record<string, unknown>): void {
  const spec = messages[name]!
  const keywords = Object.keys(value).reverse()
  for (const keyword of keywords) {
    const content = value[keyword]
    if (content === undefined) continue
    const field = spec.fields[keyword]
    if (field) writeField(writer, field[0], field[1], content)
    else if (spec.entries) writeNamed(writer, spec.entries[0], keyword, spec.entries[1], content)
    else if (spec.extensions && keyword.startsWith('x-')) {
      writeNamed(writer, spec.extensions, keyword, 'any', content)
    }
  }
}

function writeNamed(writer: WireWriter, number: number, name: string, kind: Kind, value: unknown): void {
  const before = writer.length
  writeField(writer, 2, kind, value)
  writer.textField(1, name)
  writer.delimit(number, before)
}

function writeField(writer: WireWriter, number: number, kind: Kind, value: unknown): void {
  if (kind.startsWith('[]')) {
    for (const each of (value as unknown[]).toReversed()) writeField(writer, number, kind.slice(2), each)
    return
  }
  switch (kind) {
    case 'text':
      writer.textField(number, String(value))
      return
    case 'flag':
    case 'integer':
      writer.varint(Number(value))
      writer.tag(number, 0)
      return
    case 'number':
      writer.double(value as number)
      writer.tag(number, 1)
      return
  }
  const before = writer.length
  if (kind === 'any') writer.textField(2, `${JSON.stringify(value)}\n`)
  else writeUnion(writer, kind, value)
  writer.delimit(number, before)
}

/** Messages that wrap another one, and everything else. */
function writeUnion(writer: WireWriter, kind: Kind, value: unknown): void {
  switch (kind) {
    case 'Parameter':
      writeParameter(writer, value as Record<string, unknown>)
      return
    case 'Response':
      writeWrapped(writer, 1, 'ResponseBody', value)
      return
    case 'SchemaItem':
    case 'Items':
      writeWrapped(writer, 1, 'Schema', value)
      return
    case 'SecurityDefinition':
      writeWrapped(writer, 2, 'ApiKey', value)
      return
    case 'Type':
    case 'Texts':
      writeField(writer, 1, '[]text', Array.isArray(value) ? value : [value])
      return
    case 'AdditionalProperties':
      if (isJsonObject(value)) writeWrapped(writer, 1, 'Schema', value)
      else writeField(writer, 2, 'flag', value)
      return
    default:
      writeMessage(writer, kind, value as Record<string, unknown>)
  }
}

function writeWrapped(writer: WireWriter, number: number, message: string, value: unknown): void {
  const before = writer.length
  writeMessage(writer, message, value as Record<string, unknown>)
  writer.delimit(number, before)
}

/** ParametersItem → Parameter → BodyParameter or NonBodyParameter → one of its kinds. */
function writeParameter(writer: WireWriter, value: Record<string, unknown>): void {
  const outer = writer.length
  if (value.in === 'body') writeWrapped(writer, 1, 'BodyParameter', value)
  else {
    const inner = writer.length
    if (value.in === 'query') writeWrapped(writer, 3, 'QueryParameter', value)
    else writeWrapped(writer, 4, 'PathParameter', value)
    writer.delimit(2, inner)
  }
  writer.delimit(1, outer)
}
