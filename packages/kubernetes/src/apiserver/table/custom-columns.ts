import { goFormat } from '../../api/go-format.ts'
import { type JsonPath, parseJsonPath } from '../../api/json-path.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import { parseTime } from '../../api/time.ts'
import type { CustomResourceColumnDefinition } from '../../api/types/apiextensions-v1.ts'
import { type Cell, type CellContext, columns, type KindTable } from './kind-table.ts'

const age: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
}

/**
 * How a custom resource looks in `kubectl get`, from the `additionalPrinterColumns` of its version; without any, its age
 * is shown. @throws Error when a path does not parse
 */
export function customTable(
  definitions: readonly CustomResourceColumnDefinition[] | undefined,
): KindTable<KubeObject> {
  const shown = definitions?.length ? definitions : [age]
  const paths = shown.map(({ jsonPath }) => parseJsonPath(jsonPath))
  return {
    columns: [
      ...columns('Name'),
      ...shown.map(({ name, type, format, description, jsonPath, priority }) => ({
        name,
        type,
        format: format ?? '',
        description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
        priority: priority ?? 0,
      })),
    ],
    cells: (object, context) => [
      object.metadata?.name ?? '',
      ...shown.map(({ type }, index) => cellOf(type, paths[index]!, object, context)),
    ],
  }
}

function cellOf(type: string, path: JsonPath, object: KubeObject, context: CellContext): Cell {
  const [value] = path(object)
  if (value === undefined) return null
  if (type === 'string') return value === null ? 'null' : goFormat(value)
  if (type === 'integer' || type === 'number') {
    if (typeof value !== 'number') return null
    return type === 'integer' ? Math.trunc(value) : value
  }
  if (type === 'boolean') return typeof value === 'boolean' ? value : null
  if (type !== 'date' || typeof value !== 'string') return null
  return parseTime(value) === undefined ? '<invalid>' : context.since(value)
}
