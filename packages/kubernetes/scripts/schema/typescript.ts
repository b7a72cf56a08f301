import type { GoPackage, GoType } from './go-source.ts'
import type { Model, ModelField, ModelType } from './model.ts'
import { sources } from './sources.ts'

/** Hand-written elsewhere; `meta-v1.ts` passes them on. */
const handWritten: Record<string, string> = {
  ObjectMeta: '../kube-object.ts',
  OwnerReference: '../kube-object.ts',
  ManagedFieldsEntry: '../kube-object.ts',
  ListMeta: '../kube-object.ts',
  Status: '../api-error.ts',
  StatusCause: '../api-error.ts',
  StatusDetails: '../api-error.ts',
}

const scalarTypes: Record<string, string> = {
  string: 'string',
  boolean: 'boolean',
  int32: 'number',
  int64: 'number',
  double: 'number',
  bytes: 'string',
  quantity: 'string',
  intOrString: 'number | string',
  time: 'string',
  microTime: 'string',
  duration: 'string',
}

/** The text of one `api/types/<group>-<version>.ts`. */
export function typescriptOf(model: Model, pkg: GoPackage): string {
  const imports = new Map<string, Set<string>>()
  const own = sources.find((source) => source.name === pkg.name)!
  const reference = (type: GoType): string => {
    if (type.package !== pkg.name) {
      const file = `./${sources.find((source) => source.name === type.package)!.file}.ts`
      imports.set(file, (imports.get(file) ?? new Set()).add(type.name))
    } else if (own.file === 'meta-v1' && type.name in handWritten) {
      const file = handWritten[type.name]!
      imports.set(file, (imports.get(file) ?? new Set()).add(type.name))
    }
    return type.name
  }
  const spell = (type: ModelType): string => {
    switch (type.kind) {
      case 'scalar':
        return scalarTypes[type.scalar]!
      case 'named':
        return type.type.underlying === 'string' ? 'string' : 'string[]'
      case 'struct':
        return reference(type.type)
      case 'list': {
        const element = spell(type.element)
        return /^\w+$/.test(element) ? `${element}[]` : `(${element})[]`
      }
      case 'map':
        return `Record<string, ${spell(type.value)}>`
      case 'any':
        imports.set('../kube-object.ts', (imports.get('../kube-object.ts') ?? new Set()).add('Json'))
        return 'Json'
    }
  }
  const line = (field: ModelField, kind: boolean): string => {
    const name = /^[A-Za-z_]\w*$/.test(field.json) ? field.json : `'${field.json}'`
    const always = kind && field.json === 'metadata'
    // Go writes an empty slice or map without omitempty as null.
    const optional = !always && !field.required
    return `  ${name}${optional ? '?' : ''}: ${spell(field.type)}`
  }

  const blocks: string[] = []
  for (const type of model.structs(pkg)) {
    if (own.file === 'meta-v1' && type.name in handWritten) continue
    const fields = model.fields(type)
    const kind =
      fields.some((field) => field.json === 'apiVersion') && fields.some((field) => field.json === 'metadata')
    if (fields.length === 0) {
      blocks.push(`export type ${type.name} = Record<string, never>`)
      continue
    }
    blocks.push(`export interface ${type.name} {\n${fields.map((field) => line(field, kind)).join('\n')}\n}`)
  }
  const lines = ['// Made by scripts/generate-schema.ts from the public Go types. Do not edit.', '']
  for (const [file, names] of [...imports].sort()) {
    lines.push(`import type { ${[...names].sort().join(', ')} } from '${file}'`)
  }
  if (own.file === 'meta-v1') {
    const files = new Map<string, string[]>()
    for (const [name, file] of Object.entries(handWritten))
      files.set(file, [...(files.get(file) ?? []), name])
    for (const [file, names] of files) lines.push(`export type { ${names.join(', ')} } from '${file}'`)
  }
  return `${lines.join('\n')}\n\n${blocks.join('\n\n')}\n`
}
