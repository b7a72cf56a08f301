import type { IncomingMessage } from 'node:http'
import { ApiError } from '../../api/api-error.ts'
import { decodeJson, duplicateFields } from '../../api/codec/json.ts'
import { DecodeError } from '../../api/structure/decode-error.ts'
import type { Body, FieldValidation } from '../registry/decode-body.ts'
import type { Encoding } from './negotiate.ts'

const limit = 3 * 1024 * 1024

/** @throws ApiError RequestEntityTooLarge past 3 MiB */
export async function readBody(message: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${limit}`)
  if (Number(message.headers['content-length'] ?? 0) > limit) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw tooLarge()
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
}

/** Parses a body; duplicate fields are looked for when somebody wants to know. @throws ApiError BadRequest */
export async function parseBody(
  bytes: Buffer,
  encoding: Encoding,
  validation: FieldValidation,
): Promise<Body> {
  try {
    switch (encoding) {
      case 'json': {
        const text = bytes.toString()
        const value = decodeJson(text)
        return validation === 'Ignore' ? { value } : { value, duplicates: duplicateFields(text), text }
      }
      case 'yaml': {
        const { decodeYaml } = await import('../../api/codec/yaml.ts')
        const duplicates: string[] = []
        const value = decodeYaml(bytes.toString(), duplicates)
        return { value, duplicates }
      }
      case 'protobuf': {
        const { decodeEnvelope } = await import('../../api/codec/protobuf.ts')
        return { value: decodeEnvelope(bytes) }
      }
    }
  } catch (error) {
    if (error instanceof DecodeError) throw ApiError.badRequest(error.message)
    throw error
  }
}
