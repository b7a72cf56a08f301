import { deepEqual } from '../../api/json.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
} from '../../api/types/apiextensions-v1.ts'

type Names = CustomResourceDefinitionNames

/** What came of asking for names: those that are granted, and why not all of them. */
export interface NamingOutcome {
  names: Names
  conflict?: { reason: string; message: string }
}

/**
 * Grants a definition the names that no other one of its group has; names that it had before stay while new ones are
 * taken (apiextensions' naming controller).
 *
 * @param others further definitions of the same group
 */
export function acceptNames(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): NamingOutcome {
  const wanted = definition.spec.names
  const had = definition.status?.acceptedNames
  const taken = others.flatMap(({ status }) => status?.acceptedNames ?? [])
  const resources = new Set(
    taken.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames]),
  )
  const kinds = new Set(taken.flatMap(({ kind, listKind }) => [kind, listKind]))
  const names: Names = { ...had, plural: had?.plural ?? '', kind: had?.kind ?? '' }
  let conflict: NamingOutcome['conflict']

  const grant = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    used: ReadonlySet<string | undefined>,
  ): void => {
    const name = wanted[field]
    if (name === had?.[field] || !used.has(name)) {
      if (name !== undefined) names[field] = name
      return
    }
    const reason = `${field[0]!.toUpperCase()}${field.slice(1)}Conflict`
    conflict = { reason, message: `${JSON.stringify(name)} is already in use` }
  }
  grant('plural', resources)
  grant('singular', resources)
  if (!deepEqual(wanted.shortNames ?? [], had?.shortNames ?? [])) {
    const used = (wanted.shortNames ?? []).filter(
      (name) => !had?.shortNames?.includes(name) && resources.has(name),
    )
    if (used.length > 0) {
      const texts = used.map((name) => `${JSON.stringify(name)} is already in use`)
      const message = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
      conflict = { reason: 'ShortNamesConflict', message }
    } else if (wanted.shortNames) names.shortNames = wanted.shortNames
    else delete names.shortNames
  }
  grant('kind', kinds)
  grant('listKind', kinds)
  if (wanted.categories) names.categories = wanted.categories
  else delete names.categories
  return conflict ? { names, conflict } : { names }
}
