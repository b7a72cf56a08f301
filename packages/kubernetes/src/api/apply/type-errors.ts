import { goFormat } from '../go-format.ts'
import { isJsonObject } from '../json.ts'
import type { ListNode, ScalarNode, SchemaNode } from '../schema/schema-node.ts'
import { printPath } from './field-set.ts'
import { ElementError, elementOf } from './shape.ts'

/**
 * What keeps an applied object from being merged along the schema: unknown fields, values of a wrong kind, elements
 * without identity or with the same one twice. The text is upstream's; empty when all is well.
 */
export function typeErrors(value: unknown, node: SchemaNode): string {
  const errors: string[] = []
  check(value, node, '', errors)
  return errors.length > 1
    ? ['errors:', ...errors.map((error) => `  ${error}`)].join('\n')
    : (errors[0] ?? '')
}

function check(value: unknown, node: SchemaNode, path: string, errors: string[]): void {
  if (value === null || value === undefined) return
  const complain = (message: string): void => {
    errors.push(path ? `${path}: ${message}` : message)
  }
  switch (node.kind) {
    case 'scalar': {
      const problem = scalarProblem(node, value)
      if (problem) complain(problem)
      return
    }
    case 'struct':
    case 'map':
      if (!isJsonObject(value)) {
        complain(`expected map, got &{${goFormat(value)}}`)
        return
      }
      for (const [key, field] of Object.entries(value)) {
        const child = node.kind === 'map' ? node.value : node.fields.get(key)?.node
        if (child) check(field, child, `${path}.${key}`, errors)
        else if (!(node.kind === 'struct' && node.open)) {
          errors.push(`${path}.${key}: field not declared in schema`)
          return
        }
      }
      return
    case 'list':
      if (Array.isArray(value)) checkList(value, node, path, errors)
      else complain(`expected list, got &{${goFormat(value)}}`)
      return
    case 'any':
  }
}

function checkList(list: unknown[], node: ListNode, path: string, errors: string[]): void {
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    let element = `i:${index}`
    if (node.type !== 'atomic') {
      try {
        element = elementOf(node, item)
      } catch (error) {
        if (!(error instanceof ElementError)) throw error
        errors.push(`${path}: element ${index}: ${error.message}`)
        return
      }
      if (seen.has(element)) errors.push(`${path}: duplicate entries for key ${printPath([element])}`)
      seen.add(element)
    }
    check(item, node.element, path + printPath([element]), errors)
  }
}

function scalarProblem(node: ScalarNode, value: unknown): string | undefined {
  const isScalar = typeof value !== 'object'
  switch (node.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goFormat(value)}}`
    case 'int32':
    case 'int64':
    case 'double':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`
    case 'string':
    case 'bytes':
      return typeof value === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goFormat(value)}}`
    default:
      return isScalar ? undefined : `expected any scalar, got &{${goFormat(value)}}`
  }
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
