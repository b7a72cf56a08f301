import { isJsonObject } from '../../json.ts'
import type { JSONSchemaProps } from '../../types/apiextensions-v1.ts'

/**
 * The place that a rule's `fieldPath` (`.spec.replicas`, `.map['key']`) names, as field errors write it; undefined when
 * the schema has no such place.
 */
export function ruleFieldPath(path: string, schema: JSONSchemaProps): string | undefined {
  let at: JSONSchemaProps | undefined = schema
  let written = ''
  let rest = path
  while (rest) {
    const match = /^(?:\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\])/.exec(rest)
    if (!match || !at) return undefined
    rest = rest.slice(match[0].length)
    const name = match[1] ?? (match[2] ?? '').replace(/\\(.)/g, '$1')
    if (at.properties) {
      written += written ? `.${name}` : name
      at = Object.hasOwn(at.properties, name) ? at.properties[name] : undefined
    } else {
      written += `[${name}]`
      at = isJsonObject(at.additionalProperties) ? (at.additionalProperties as JSONSchemaProps) : undefined
    }
    if (!at) return undefined
  }
  return written
}
