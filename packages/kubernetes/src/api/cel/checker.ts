import type { CelIssue } from './cel-error.ts'
import {
  bool,
  type CelType,
  dyn,
  errorType,
  formatType,
  inOptional,
  int,
  listOf,
  mapOf,
  type ObjectType,
  optionalOf,
  sameType,
} from './cel-type.ts'
import {
  type Call,
  type Expr,
  type Fold,
  type ListLiteral,
  type MapLiteral,
  type OptionalMap,
  qualifiedName,
  type Select,
  type StructLiteral,
} from './expression.ts'
import type { Functions } from './overload.ts'
import { mostGeneral, Substitutions } from './unify.ts'

/** What an expression may speak of. */
export interface Declarations {
  functions: Functions
  /** Types of the variables, and of names such as `int` that stand for types. */
  variable(name: string): CelType | undefined
  /** A type that expressions may make values of, as in `JSONPatch{op: "add"}`. */
  message(name: string): ObjectType | undefined
}

interface AlikeValue {
  at: number
  type: CelType
}

/** Finds the type of an expression, and everything in it that does not fit; tells calls which overloads are left. */
export class Checker {
  readonly issues: CelIssue[] = []
  /** The declared variables that the expression speaks of. */
  readonly uses = new Set<string>()
  readonly #typeOf = new Map<Expr, CelType>()
  readonly #declarations: Declarations
  readonly #types = new Substitutions()
  /** Variables of folds around, innermost last. */
  readonly #scopes: Map<string, CelType>[] = []
  /** What has to be of one type, in literals outside of calls of `format`. */
  readonly #alike: AlikeValue[][] = []
  #formats = 0

  constructor(declarations: Declarations) {
    this.#declarations = declarations
  }

  /** The type of a whole expression. */
  check(expr: Expr): CelType {
    const type = this.#types.resolve(this.#check(expr), true)
    if (this.issues.length === 0) for (const values of this.#alike) this.#checkAlike(values)
    return type
  }

  #checkAlike([first, ...others]: AlikeValue[]): void {
    if (!first) return
    const expected = this.#types.resolve(first.type, true)
    const different = others.find(({ type }) => !sameType(this.#types.resolve(type, true), expected))
    if (different) this.#mismatch(different.at, expected, different.type)
  }

  #issue(at: number, message: string): void {
    this.issues.push({ at, message })
  }

  /** The type of a part of an expression that has been checked. */
  typeOf(expr: Expr): CelType {
    return this.#types.resolve(this.#typeOf.get(expr) ?? dyn, true)
  }

  #check(expr: Expr): CelType {
    const type = this.#infer(expr)
    this.#typeOf.set(expr, type)
    return type
  }

  #infer(expr: Expr): CelType {
    switch (expr.kind) {
      case 'literal':
        return expr.type
      case 'ident': {
        const type = this.#variable(expr.name)
        if (type) return type
        this.#undeclared(expr.at, expr.name)
        return errorType
      }
      case 'select':
        return this.#select(expr)
      case 'call':
        return this.#call(expr)
      case 'list':
        return this.#list(expr)
      case 'map':
        return this.#map(expr)
      case 'struct':
        return this.#struct(expr)
      case 'fold':
        return this.#fold(expr)
      case 'optionalMap':
        return this.#optionalMap(expr)
    }
  }

  #variable(name: string): CelType | undefined {
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const type = this.#scopes[index]?.get(name)
      if (type) return type
    }
    const type = this.#declarations.variable(name)
    if (type) this.uses.add(name)
    return type
  }

  #undeclared(at: number, name: string): void {
    this.#issue(at, `undeclared reference to '${name}' (in container '')`)
  }

  #select(expr: Select): CelType {
    const name = qualifiedName(expr)
    const declared = name === undefined ? undefined : this.#variable(name)
    if (declared) {
      // One variable whose name has dots.
      Object.assign(expr, { kind: 'ident', name })
      return declared
    }
    const operand = this.#types.resolve(this.#check(expr.operand))
    const inner = inOptional(operand)
    const type = this.#field(inner ?? operand, expr)
    if (expr.test) return bool
    return inner || expr.optional ? optionalOf(type) : type
  }

  #field(type: CelType, { field, at }: Select): CelType {
    switch (type.kind) {
      case 'map':
        return type.value
      case 'object': {
        const found = type.fields.get(field)
        if (!found) this.#issue(at, `undefined field '${field}'`)
        return found ?? errorType
      }
      case 'parameter':
        this.#types.fit([dyn], [type])
        return dyn
      case 'dyn':
      case 'error':
        return dyn
      default:
        this.#issue(at, `type '${formatType(type)}' does not support field selection`)
        return dyn
    }
  }

  #call(expr: Call): CelType {
    if (expr.name === 'format') this.#formats++
    const given = expr.args.map((arg) => this.#check(arg))
    if (expr.name === 'format') this.#formats--
    const { functions } = this.#declarations
    if (expr.target) {
      const prefix = qualifiedName(expr.target)
      const spaced = prefix === undefined ? undefined : `${prefix}.${expr.name}`
      if (spaced !== undefined && functions.has(spaced)) {
        expr.name = spaced
        delete expr.target
      } else {
        given.unshift(this.#check(expr.target))
      }
    }
    const overloads = functions.get(expr.name)
    if (!overloads) {
      this.#undeclared(expr.at, expr.name)
      return errorType
    }
    if (expr.name === '_&&_' || expr.name === '_||_') return this.#logical(expr, given)
    return this.#overload(expr, given)
  }

  #logical(expr: Call, given: CelType[]): CelType {
    for (const [index, type] of given.entries()) {
      if (this.#types.fit([type], [bool])) continue
      this.#mismatch((expr.args[index] as Expr).at, bool, type)
    }
    return bool
  }

  #overload(expr: Call, given: CelType[]): CelType {
    let result: CelType | undefined
    const possible = (this.#declarations.functions.get(expr.name) ?? []).filter((overload) => {
      if (overload.member !== (expr.target !== undefined)) return false
      const [own, ...expected] = this.#types.instantiate([overload.result, ...overload.parameters])
      if (!this.#types.fit(given, expected)) return false
      const type = this.#types.resolve(own as CelType)
      if (!result) result = type
      else if (result.kind !== 'dyn' && formatType(type) !== formatType(result)) result = dyn
      return true
    })
    expr.overloads = possible
    if (result) return result
    const shown = given.map((type) => formatType(this.#types.resolve(type, true)))
    const receiver = expr.target ? `${shown.shift()}.` : ''
    this.#issue(
      expr.at,
      `found no matching overload for '${expr.name}' applied to '${receiver}(${shown.join(', ')})'`,
    )
    return errorType
  }

  #mismatch(at: number, expected: CelType, given: CelType): void {
    const shown = formatType(this.#types.resolve(given, true))
    this.#issue(at, `expected type '${formatType(this.#types.resolve(expected, true))}' but found '${shown}'`)
  }

  /** The type of what stands in a literal, and the one that it has in common with what was before. */
  #join(before: CelType | undefined, expr: Expr, optional: boolean, alike: AlikeValue[]): CelType {
    let type = this.#check(expr)
    if (optional) {
      const inner = inOptional(type)
      if (!inner && type.kind !== 'dyn') this.#mismatch(expr.at, optionalOf(type), type)
      type = inner ?? type
    }
    alike.push({ at: expr.at, type })
    if (!before) return type
    return this.#types.fit([before], [type]) ? mostGeneral(before, type) : dyn
  }

  #list({ elements }: ListLiteral): CelType {
    const alike = this.#newAlike()
    let element: CelType | undefined
    for (const { value, optional } of elements) element = this.#join(element, value, optional, alike)
    return listOf(element ?? this.#types.fresh())
  }

  #map({ entries }: MapLiteral): CelType {
    const keys = this.#newAlike()
    const values = this.#newAlike()
    let key: CelType | undefined
    let type: CelType | undefined
    for (const entry of entries) {
      key = this.#join(key, entry.key, false, keys)
      type = this.#join(type, entry.value, entry.optional, values)
    }
    return mapOf(key ?? this.#types.fresh(), type ?? this.#types.fresh())
  }

  #newAlike(): AlikeValue[] {
    const alike: AlikeValue[] = []
    if (this.#formats === 0) this.#alike.push(alike)
    return alike
  }

  #struct(expr: StructLiteral): CelType {
    const type = this.#declarations.message(expr.type)
    if (!type) this.#undeclared(expr.at, expr.type)
    for (const { name, value, optional, at } of expr.fields) {
      let given = this.#check(value)
      if (optional) given = inOptional(given) ?? given
      if (!type) continue
      const expected = type.fields.get(name)
      if (!expected) this.#issue(at, `undefined field '${name}'`)
      else if (!this.#types.fit([expected], [given])) {
        this.#issue(
          at,
          `expected type of field '${name}' is '${formatType(expected)}' but provided type is '${formatType(this.#types.resolve(given, true))}'`,
        )
      }
    }
    return type ?? errorType
  }

  #fold(expr: Fold): CelType {
    const range = this.#types.resolve(this.#check(expr.range))
    const variables = this.#variablesOf(range, expr)
    this.#scopes.push(new Map(expr.variables.map((name, index) => [name, variables[index] ?? dyn])))
    if (expr.condition) this.#condition(expr, this.#check(expr.condition))
    const type = expr.transform ? this.#check(expr.transform) : undefined
    this.#scopes.pop()
    switch (expr.fold) {
      case 'filter':
      case 'sortBy':
        return listOf(variables[0] ?? dyn)
      case 'map':
      case 'transformList':
        return listOf(type ?? dyn)
      case 'transformMap':
        return mapOf(variables[0] ?? dyn, type ?? dyn)
      case 'transformMapEntry':
        return type?.kind === 'map' ? type : mapOf(dyn, dyn)
      default:
        return bool
    }
  }

  #variablesOf(range: CelType, expr: Fold): CelType[] {
    const two = expr.variables.length === 2
    switch (range.kind) {
      case 'list':
        return two ? [int, range.element] : [range.element]
      case 'map':
        return two ? [range.key, range.value] : [range.key]
      case 'dyn':
      case 'error':
        return [dyn, dyn]
      case 'parameter':
        this.#types.fit([dyn], [range])
        return [dyn, dyn]
      default:
        this.#issue(
          expr.range.at,
          `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        )
        return [errorType, errorType]
    }
  }

  /** Conditions are operands of what a macro expands to, which is what messages speak of. */
  #condition({ fold, condition }: Fold, type: CelType): void {
    const at = condition?.at ?? 0
    if (this.#types.fit([type], [bool])) return
    if (fold === 'all' || fold === 'exists') this.#mismatch(at, bool, type)
    else {
      const shown = formatType(this.#types.resolve(type, true))
      this.#issue(at, `found no matching overload for '_?_:_' applied to '(${shown}, dyn, dyn)'`)
    }
  }

  #optionalMap(expr: OptionalMap): CelType {
    const target = this.#types.resolve(this.#check(expr.target))
    const inner = inOptional(target)
    if (!inner && target.kind !== 'dyn' && target.kind !== 'error') {
      this.#issue(expr.at, `found no matching overload for 'hasValue' applied to '${formatType(target)}.()'`)
    }
    this.#scopes.push(new Map([[expr.variable, inner ?? dyn]]))
    const type = this.#check(expr.transform)
    this.#scopes.pop()
    return expr.flat ? type : optionalOf(type)
  }
}
