import type { CelType } from './cel-type.ts'
import type { Overload } from './overload.ts'
import type { CelValue } from './values.ts'

/** Macros that go through a list or a map. */
export type FoldKind =
  | 'all'
  | 'exists'
  | 'exists_one'
  | 'filter'
  | 'map'
  | 'sortBy'
  | 'transformList'
  | 'transformMap'
  | 'transformMapEntry'

interface At {
  /** Where it is in the source, as messages point at it. */
  at: number
}

export type Literal = At & { kind: 'literal'; type: CelType; value: CelValue }
export type Ident = At & { kind: 'ident'; name: string }
export type Select = At & {
  kind: 'select'
  operand: Expr
  field: string
  /** `has(a.b)`. */
  test: boolean
  /** `a.?b`. */
  optional: boolean
}
export type Call = At & {
  kind: 'call'
  name: string
  target?: Expr
  args: Expr[]
  /** Those that the types of the arguments left possible; set by the checker. */
  overloads?: readonly Overload[]
}
export type ListLiteral = At & { kind: 'list'; elements: { value: Expr; optional: boolean }[] }
export type MapLiteral = At & { kind: 'map'; entries: { key: Expr; value: Expr; optional: boolean }[] }
export type StructLiteral = At & {
  kind: 'struct'
  type: string
  fields: (At & { name: string; value: Expr; optional: boolean })[]
}
export type Fold = At & {
  kind: 'fold'
  fold: FoldKind
  range: Expr
  /** One variable (element or key) or two (index and element, or key and value). */
  variables: [string] | [string, string]
  /** The condition; for `map` and the transformations optional. */
  condition?: Expr
  /** What elements become. */
  transform?: Expr
}
/** `x.optMap(v, f)` and `x.optFlatMap(v, f)`. */
export type OptionalMap = At & {
  kind: 'optionalMap'
  target: Expr
  variable: string
  transform: Expr
  flat: boolean
}

export type Expr =
  | Literal
  | Ident
  | Select
  | Call
  | ListLiteral
  | MapLiteral
  | StructLiteral
  | Fold
  | OptionalMap

/** `a.b.c` of plain names; undefined for anything else. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name
  if (expr.kind !== 'select' || expr.test || expr.optional) return undefined
  const operand = qualifiedName(expr.operand)
  return operand === undefined ? undefined : `${operand}.${expr.field}`
}
