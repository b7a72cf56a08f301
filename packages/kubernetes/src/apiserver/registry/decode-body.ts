import { ApiError } from '../../api/api-error.ts'
import { inDocumentOrder } from '../../api/codec/json.ts'
import { isJsonObject } from '../../api/json.ts'
import type { GroupVersionKind, KubeObject } from '../../api/kube-object.ts'
import { apiVersionOf, parseApiVersion } from '../../api/resource-info.ts'
import { DecodeError } from '../../api/structure/decode-error.ts'

/** What `fieldValidation` says about unknown and duplicate fields. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/** A body as it was parsed. */
export interface Body {
  value: unknown
  /** `duplicate field "spec.foo"`, found while parsing. */
  duplicates?: readonly string[]
  /** The JSON that it was. */
  text?: string
}

/** The kind that a body has to be of, and how it gets into shape. */
export interface BodyShape {
  gvk: GroupVersionKind
  /** Of a custom resource: parsed as what it is, unknown fields are found later. */
  custom?: boolean
  conform(value: unknown, unknown?: string[]): KubeObject
  setDefaults(object: KubeObject): void
}

/**
 * The object of a create or update: of the expected kind, in shape, with defaults.
 * @throws ApiError BadRequest
 */
export function decodeBody(
  body: Body,
  shape: BodyShape,
  validation: FieldValidation,
  warn: (message: string) => void,
): KubeObject {
  const { value } = body
  const { gvk } = shape
  const expected = apiVersionOf(gvk)
  const given = isJsonObject(value) ? value : {}
  const kind = typeof given.kind === 'string' ? given.kind : ''
  const apiVersion = typeof given.apiVersion === 'string' ? given.apiVersion : ''
  const refuse = (why: string): never => {
    if (kind) {
      const { version } = parseApiVersion(apiVersion || expected)
      throw ApiError.badRequest(
        `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${gvk.kind}: ${why}`,
      )
    }
    throw ApiError.badRequest(
      `the object provided is unrecognized (must be of type ${gvk.kind}): ${why} (${summary(value)})`,
    )
  }
  if (apiVersion && apiVersion !== expected) {
    throw ApiError.badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    )
  }
  if (kind && kind !== gvk.kind) {
    refuse(`converting (${gvk.version}.${kind}) to (${gvk.version}.${gvk.kind}): unknown conversion`)
  }
  const unknown: string[] | undefined = validation === 'Ignore' ? undefined : []
  let object: KubeObject
  try {
    object = shape.conform(value, unknown)
  } catch (error) {
    if (error instanceof DecodeError) return refuse(error.message)
    throw error
  }
  const strict = unknown ? strictMessages(body, shape, unknown) : []
  if (strict.length > 0) {
    if (validation === 'Strict') refuse(`strict decoding error: ${strict.join(', ')}`)
    for (const message of strict) warn(message)
  }
  object.apiVersion = expected
  object.kind = gvk.kind
  shape.setDefaults(object)
  return object
}

function strictMessages({ duplicates = [], text }: Body, { custom }: BodyShape, unknown: string[]): string[] {
  const messages = [...duplicates, ...unknown]
  const mixed = duplicates.length > 0 && unknown.length > 0
  return mixed && text !== undefined && !custom ? inDocumentOrder(text, messages) : messages
}

function summary(value: unknown): string {
  const text = JSON.stringify(value) ?? ''
  return text.length > 30 ? `${text.slice(0, 30)} ...` : text
}
