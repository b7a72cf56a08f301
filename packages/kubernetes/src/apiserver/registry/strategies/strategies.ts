import { builtinResources } from '../../../api/resources.ts'
import { schemaOf } from '../../../api/schema/schemas.ts'
import { zeroValue } from '../../../api/structure/go-fields.ts'
import type { Strategy } from '../strategy.ts'
import { kindRules } from './kind-rules-table.ts'
import { makeStrategy } from './make-strategy.ts'

/** The strategies of all built-in resources, by `<resource>.<group>`, made on first use. */
class Strategies {
  private readonly made = new Map<string, Strategy | undefined>()

  get(name: string): Strategy | undefined {
    if (!this.made.has(name)) this.made.set(name, make(name))
    return this.made.get(name)
  }
}

function make(name: string): Strategy | undefined {
  const versions = builtinResources.filter((resource) => `${resource.resource}.${resource.group}` === name)
  if (versions.length === 0) return undefined
  const hasStatus = versions.some((resource) =>
    resource.subresources.some((subresource) => subresource.name === 'status'),
  )
  const emptyStatus = () => {
    const field = schemaOf(versions[0]!.schema!).fields.get('status')
    return field && !field.pointer ? zeroValue(field.node) : undefined
  }
  return makeStrategy({ hasStatus, ...(hasStatus && { emptyStatus }) }, kindRules[name] ?? {})
}

export const strategies = new Strategies()
