import { isJsonObject, type JsonObject } from '../json.ts'
import type { AnyNode, FieldNode, SchemaNode, StructNode } from '../schema/schema-node.ts'
import { schemaOf } from '../schema/schemas.ts'
import { conformScalar, type FieldContext, typeError } from './conform-scalar.ts'
import { DecodeError } from './decode-error.ts'
import { alwaysWritten, isOmitted, zeroValue } from './go-fields.ts'
import { goTypeOf, goValueKind } from './go-type.ts'
import { setOwn } from './set-own.ts'

const schemaProps = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'

/**
 * A built-in object the way upstream holds it after decoding: unknown fields gone, nulls and empty `omitempty` fields
 * absent, scalars canonical, and the fields that Go always writes (`status: {}`, `metadata: {}`) there. Absent lists and
 * maps without omitempty become empty ones (Go writes null). Makes a new object; the input stays as it is.
 *
 * `unknown` receives `unknown field "spec.foo"` in the order of the document, the wording of strict decoding.
 * @throws DecodeError for values of a wrong type
 */
export function conform(struct: StructNode, value: unknown, unknown?: string[]): JsonObject {
  return new Conformer(unknown).struct(struct, value)
}

class Conformer {
  readonly #unknown: string[] | undefined
  /** Path with indices and map keys, as strict errors show it. */
  readonly #path: string[] = []
  /** Names of the struct fields on the way, as type errors show them. */
  readonly #fields: string[] = []
  #struct: StructNode | undefined

  constructor(unknown: string[] | undefined) {
    this.#unknown = unknown
  }

  readonly #context: FieldContext = () => {
    const owner = this.#struct?.name
    return owner ? `${owner.slice(owner.lastIndexOf('.') + 1)}.${this.#fields.join('.')}` : ''
  }

  struct(node: StructNode, value: unknown): JsonObject {
    const result: JsonObject = {}
    if (value !== null && value !== undefined) {
      if (!isJsonObject(value)) throw typeError(goValueKind(value), goTypeOf(node), this.#context)
      const outer = this.#struct
      this.#struct = node
      for (const key in value) {
        const field = node.fields.get(key)
        if (field) this.#field(field, value[key], result)
        else if (value[key] !== undefined) this.#report(key)
      }
      this.#struct = outer
    }
    for (const field of alwaysWritten(node)) {
      if (result[field.name] === undefined) result[field.name] = zeroValue(field.node)
    }
    return result
  }

  #field(field: FieldNode, value: unknown, into: JsonObject): void {
    if (value === null || value === undefined) return
    this.#path.push(this.#path.length > 0 ? `.${field.name}` : field.name)
    this.#fields.push(field.name)
    const conformed = this.#value(field.node, value)
    this.#path.pop()
    this.#fields.pop()
    if (!isOmitted(field, conformed)) into[field.name] = conformed
  }

  #value(node: SchemaNode, value: unknown): unknown {
    switch (node.kind) {
      case 'scalar':
        return conformScalar(node, value, this.#context)
      case 'struct':
        return this.struct(node, value)
      case 'list': {
        if (value === null) return []
        if (!Array.isArray(value)) throw typeError(goValueKind(value), goTypeOf(node), this.#context)
        return value.map((element, index) => this.#nested(`[${index}]`, node.element, element))
      }
      case 'map': {
        if (value === null) return {}
        if (!isJsonObject(value)) throw typeError(goValueKind(value), goTypeOf(node), this.#context)
        const result: JsonObject = {}
        for (const key in value) {
          if (value[key] !== undefined) setOwn(result, key, this.#nested(`.${key}`, node.value, value[key]))
        }
        return result
      }
      case 'any':
        return conformAny(node, value)
    }
  }

  #nested(step: string, node: SchemaNode, value: unknown): unknown {
    this.#path.push(step)
    const result = this.#value(node, value)
    this.#path.pop()
    return result
  }

  #report(key: string): void {
    if (!this.#unknown || this.#unknown.length >= 100) return
    const path = this.#path.length > 0 ? `${this.#path.join('')}.${key}` : key
    this.#unknown.push(`unknown field ${JSON.stringify(path)}`)
  }
}

/** The unions of JSONSchemaProps decode their insides themselves, outside of strict checks. */
function conformAny(node: AnyNode, value: unknown): unknown {
  switch (node.wire) {
    case 'schemaOrArray':
      return Array.isArray(value) ? value.map(conformProps) : conformProps(value)
    case 'schemaOrBool':
      if (typeof value === 'boolean') return value
      if (isJsonObject(value)) return conformProps(value)
      throw new DecodeError('boolean or JSON schema expected')
    case 'schemaOrStrings':
      return Array.isArray(value) ? value : conformProps(value)
    default:
      return value
  }
}

function conformProps(value: unknown): unknown {
  return conform(schemaOf(schemaProps), value)
}
