/**
 * A set of fields in the form that `managedFields[].fieldsV1` has, which is also the form we compute with, so that
 * nothing is decoded or encoded. Keys are path elements: `f:<field>`, `k:<keys of a list element as JSON>`,
 * `v:<element of a set as JSON>`, `i:<index>`. `{}` under a key makes it a member; other keys there are children, and
 * then `.` says that it is a member itself. Values are immutable: operations share unchanged parts.
 */
export interface FieldsV1 {
  readonly [element: string]: FieldsV1
}

type MutableFields = { [element: string]: FieldsV1 }

export const noFields: FieldsV1 = {}

const member: FieldsV1 = {}

export function isEmptySet(set: FieldsV1): boolean {
  for (const _ in set) return false
  return true
}

function isMember(set: FieldsV1): boolean {
  return set['.'] !== undefined || isEmptySet(set)
}

/** A node from its parts; nothing when it has neither. */
function nodeOf(self: boolean, children: MutableFields): FieldsV1 | undefined {
  if (isEmptySet(children)) return self ? member : undefined
  if (self) children['.'] = member
  return children
}

/** Combines two sets element by element. */
function combine(
  left: FieldsV1,
  right: FieldsV1,
  keep: { left: boolean; right: boolean; self(left: boolean, right: boolean): boolean },
  recurse: (left: FieldsV1, right: FieldsV1) => FieldsV1,
): FieldsV1 {
  const result: MutableFields = {}
  for (const key in left) {
    if (key === '.') continue
    const a = left[key] as FieldsV1
    const b = right[key]
    if (b === undefined) {
      if (keep.left) result[key] = a
      continue
    }
    const children = { ...recurse(a, b) }
    delete children['.']
    const node = nodeOf(keep.self(isMember(a), isMember(b)), children)
    if (node !== undefined) result[key] = node
  }
  if (keep.right)
    for (const key in right) if (key !== '.' && left[key] === undefined) result[key] = right[key] as FieldsV1
  return result
}

/** Fields in either set. */
export function union(left: FieldsV1, right: FieldsV1): FieldsV1 {
  if (left === right || isEmptySet(right)) return left
  if (isEmptySet(left)) return right
  return combine(left, right, { left: true, right: true, self: (a, b) => a || b }, union)
}

/** Fields in both sets. */
export function intersection(left: FieldsV1, right: FieldsV1): FieldsV1 {
  if (isEmptySet(left) || isEmptySet(right)) return noFields
  return combine(left, right, { left: false, right: false, self: (a, b) => a && b }, intersection)
}

/** Fields of `left` that are not in `right`; a field's children stay when only the field itself goes. */
export function difference(left: FieldsV1, right: FieldsV1): FieldsV1 {
  if (isEmptySet(left) || isEmptySet(right)) return left
  if (isEmptySet(intersection(left, right))) return left
  return combine(left, right, { left: true, right: false, self: (a, b) => a && !b }, difference)
}

/** Like {@link difference}, but a field takes its children along. */
export function recursiveDifference(left: FieldsV1, right: FieldsV1): FieldsV1 {
  if (isEmptySet(left) || isEmptySet(right)) return left
  const below = (a: FieldsV1, b: FieldsV1): FieldsV1 => (isMember(b) ? noFields : recursiveDifference(a, b))
  return combine(left, right, { left: true, right: false, self: (a, b) => a && !b }, below)
}

/** True when `path` itself is in the set. */
export function hasField(set: FieldsV1, path: readonly string[]): boolean {
  if (path.length === 0) return false
  let here: FieldsV1 | undefined = set
  for (const element of path) here = here?.[element]
  return here !== undefined && isMember(here)
}

/** A set of paths, each a list of elements. */
export function fieldSetOf(...paths: string[][]): FieldsV1 {
  const builder = new FieldSetBuilder()
  for (const path of paths) builder.insert(path)
  return builder.set
}

/** Grows a set path by path; what it gives out must not be changed afterwards. */
export class FieldSetBuilder {
  private readonly root: MutableFields = {}
  /** Members without children. To look into a node whether it has any takes as long as it is large. */
  private readonly leaves = new Set<FieldsV1>()

  get set(): FieldsV1 {
    return this.root
  }

  insert(path: readonly string[]): void {
    let here = this.root
    const last = path.length - 1
    for (let depth = 0; depth <= last; depth++) {
      const element = path[depth] as string
      const next = here[element] as MutableFields | undefined
      if (depth === last) {
        if (next === undefined) {
          const leaf: FieldsV1 = {}
          here[element] = leaf
          this.leaves.add(leaf)
        } else if (!this.leaves.has(next)) next['.'] = member
      } else if (next === undefined) {
        const fresh: MutableFields = {}
        here[element] = fresh
        here = fresh
      } else {
        // It was a member without children; now it gets some.
        if (this.leaves.delete(next)) next['.'] = member
        here = next
      }
    }
  }
}

/** Calls back with every member's path, parents first, in the order of {@link sortFields}. */
export function eachField(set: FieldsV1, visit: (path: string[]) => void, prefix: string[] = []): void {
  const keys = Object.keys(set)
    .filter((key) => key !== '.')
    .sort(compareElements)
  for (const key of keys) if (isMember(set[key] as FieldsV1)) visit([...prefix, key])
  for (const key of keys) eachField(set[key] as FieldsV1, visit, [...prefix, key])
}

/** The set with its keys in upstream's order: `.` first, then fields, list keys, set values, indices. */
export function sortFields(set: FieldsV1): FieldsV1 {
  const sorted: MutableFields = {}
  for (const key of Object.keys(set).sort(compareElements)) sorted[key] = sortFields(set[key] as FieldsV1)
  return sorted
}

const order = ['.', 'f', 'k', 'v', 'i']

function compareElements(a: string, b: string): number {
  const kind = order.indexOf(a[0] ?? '') - order.indexOf(b[0] ?? '')
  if (kind !== 0) return kind
  if (a[0] === 'k' || a[0] === 'v' || a[0] === 'i') {
    return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)))
  }
  return a < b ? -1 : a > b ? 1 : 0
}

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    const left = Object.entries(a)
    const right = Object.entries(b)
    for (let index = 0; index < Math.min(left.length, right.length); index++) {
      const byName = compareValues(left[index]?.[0], right[index]?.[0])
      if (byName !== 0) return byName
      const byValue = compareValues(left[index]?.[1], right[index]?.[1])
      if (byValue !== 0) return byValue
    }
    return left.length - right.length
  }
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [String(a), String(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** A path as messages show it: `.spec.containers[name="web"].image`. */
export function printPath(path: readonly string[]): string {
  return path
    .map((element) => {
      const text = element.slice(2)
      switch (element[0]) {
        case 'f':
          return `.${text}`
        case 'k': {
          const keys = Object.entries(JSON.parse(text) as Record<string, unknown>)
          return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
        }
        case 'v':
          return `[=${text}]`
        default:
          return `[${text}]`
      }
    })
    .join('')
}
