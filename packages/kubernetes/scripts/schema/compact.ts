import type { GoPackage, GoType } from './go-source.ts'
import type { Model, ModelField, ModelType } from './model.ts'

/**
 * One package's types as short texts by name. `api/schema/schemas.ts` reads them and describes their grammar.
 */
export function compactTypes(model: Model, pkg: GoPackage): Record<string, string> {
  const result: Record<string, string> = {}
  for (const type of pkg.types.values()) {
    if (model.isSpecial(type)) continue
    if (type.underlying === 'string') result[type.name] = namedString(type)
    else if (type.markers.has('protobuf.nullable')) result[type.name] = type.underlying!
  }
  for (const type of model.structs(pkg)) {
    const atomic = type.markers.get('structType')?.[0] === 'atomic' ? '{atomic}' : '{}'
    result[type.name] =
      atomic +
      model
        .fields(type)
        .map((field) => compactField(field, model, pkg))
        .join('|')
  }
  return result
}

function namedString(type: GoType): string {
  const values = type.markers.has('enum') ? type.values : []
  if (values.some((value) => /[,|]/.test(value))) throw new Error(`${type.name}: value with a separator`)
  return `string${values.length ? ` ${values.join(',')}` : ''}`
}

function compactField(field: ModelField, model: Model, pkg: GoPackage): string {
  const flags = [
    field.required && 'r',
    field.omitEmpty && 'o',
    field.omitZero && 'z',
    field.pointer && 'p',
  ].filter(Boolean)
  const words = [field.json, flags.join('') || '-', field.numbers.join('.') || '-', fieldType(field, pkg)]
  const { patchStrategy, patchMergeKey } = field.go.tags
  if (patchStrategy) words.push(`~${patchStrategy}${patchMergeKey ? `:${patchMergeKey}` : ''}`)
  const fallback = field.go.markers.get('default')?.[0]
  if (fallback !== undefined) words.push(`=${JSON.stringify(defaultValue(fallback, model, pkg))}`)
  if (words.some((word) => /[ |]/.test(word))) throw new Error(`separator in ${words}`)
  return words.join(' ')
}

function defaultValue(text: string, model: Model, pkg: GoPackage): unknown {
  const reference = /^ref\((\w+)\)$/.exec(text)
  return reference ? model.constant(pkg, reference[1]!) : JSON.parse(text)
}

/** The type with what the field's own markers say of lists, maps and structs. */
function fieldType(field: ModelField, pkg: GoPackage): string {
  const { markers } = field.go
  const { type } = field
  if (type.kind === 'list') {
    const listType = markers.get('listType')?.[0] ?? 'atomic'
    const keys = markers.get('listMapKey') ?? []
    const prefix = listType === 'map' ? `[map:${keys.join(',')}]` : listType === 'set' ? '[set]' : '[]'
    return prefix + spell(type.element, pkg)
  }
  if (type.kind === 'map') {
    return `${markers.get('mapType')?.[0] === 'atomic' ? '{atomic}' : '{}'}${spell(type.value, pkg)}`
  }
  const structType = markers.get('structType')?.[0]
  const sign = structType === 'atomic' ? '-' : structType === 'granular' ? '+' : ''
  return sign + spell(type, pkg)
}

function spell(type: ModelType, pkg: GoPackage): string {
  switch (type.kind) {
    case 'scalar':
      return type.scalar
    case 'any':
      return `any:${type.wire}`
    case 'list':
      return `[]${spell(type.element, pkg)}`
    case 'map':
      return `{}${spell(type.value, pkg)}`
    default: {
      const own = type.type.package
      if (own === pkg.name) return `.${type.type.name}`
      const alias = own === 'io.k8s.apimachinery.pkg.apis.meta.v1' ? 'meta' : own.slice('io.k8s.api.'.length)
      return `${alias}/${type.type.name}`
    }
  }
}
