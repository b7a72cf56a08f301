import { CelCostError, CelError } from './cel-error.ts'
import type { Fold } from './expression.ts'
import { sortedBy } from './library/lists.ts'
import type { Scope, Step } from './scope.ts'
import { ArrayList, CelList, CelMap, type CelValue, EntryMap } from './values.ts'

/** Goes through a list or a map. */
export function planFold(
  { fold, variables }: Fold,
  range: Step,
  condition: Step | undefined,
  transform: Step | undefined,
): Step {
  const [first, second] = variables
  function* scopes(scope: Scope): Generator<[scope: Scope, key: CelValue, value: CelValue]> {
    const values = range(scope)
    let index = 0n
    if (values instanceof CelList) {
      for (const value of values) {
        scope.spend(1)
        const inner =
          second === undefined ? scope.with(first, value) : scope.with(first, index).with(second, value)
        yield [inner, second === undefined ? value : index, value]
        index++
      }
    } else if (values instanceof CelMap) {
      for (const key of values.keys()) {
        scope.spend(1)
        const value = values.get(key) as CelValue
        const inner = scope.with(first, key)
        yield [second === undefined ? inner : inner.with(second, value), key, value]
      }
    } else {
      throw new CelError('no such overload')
    }
  }
  const isTrue = (scope: Scope): boolean => {
    const value = condition ? condition(scope) : true
    if (typeof value !== 'boolean') throw new CelError('no such overload')
    return value
  }
  switch (fold) {
    case 'all':
    case 'exists':
      return (scope) => quantified(scopes(scope), isTrue, fold === 'exists')
    case 'exists_one':
      return (scope) => {
        let found = 0
        for (const [inner] of scopes(scope)) if (isTrue(inner)) found++
        return found === 1
      }
    case 'sortBy':
      return (scope) => {
        const values: CelValue[] = []
        const keys: CelValue[] = []
        for (const [inner, , value] of scopes(scope)) {
          values.push(value)
          keys.push(transform?.(inner) ?? null)
        }
        return sortedBy(values, keys)
      }
    case 'filter':
    case 'map':
    case 'transformList':
      return (scope) => {
        const items: CelValue[] = []
        for (const [inner, key] of scopes(scope))
          if (isTrue(inner)) items.push(transform ? transform(inner) : key)
        return new ArrayList(items)
      }
    default:
      return (scope) => {
        const entries: [CelValue, CelValue][] = []
        for (const [inner, key] of scopes(scope)) {
          if (!isTrue(inner)) continue
          const made = transform?.(inner) as CelValue
          if (fold === 'transformMap') entries.push([key, made])
          else entries.push(...entriesOf(made))
        }
        const map = new EntryMap(entries)
        if (map.size < entries.length) throw new CelError('insert failed: key already exists')
        return map
      }
  }
}

function entriesOf(value: CelValue): [CelValue, CelValue][] {
  if (!(value instanceof CelMap)) throw new CelError('no such overload')
  return [...value.keys()].map((key) => [key, value.get(key) as CelValue])
}

/** `all` and `exists`: an element that decides wins over errors of others. */
function quantified(
  scopes: Iterable<[Scope, CelValue, CelValue]>,
  isTrue: (scope: Scope) => boolean,
  decisive: boolean,
): boolean {
  let failure: unknown
  for (const [scope] of scopes) {
    try {
      if (isTrue(scope) === decisive) return decisive
    } catch (error) {
      if (!(error instanceof CelError) || error instanceof CelCostError) throw error
      failure ??= error
    }
  }
  if (failure) throw failure
  return !decisive
}
