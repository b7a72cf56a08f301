import { CelCostError, CelError } from './cel-error.ts'
import { celEquals } from './compare.ts'
import type { Call, Expr, ListLiteral, MapLiteral, OptionalMap, Select, StructLiteral } from './expression.ts'
import { accepts } from './overload.ts'
import { planFold } from './plan-fold.ts'
import type { Step } from './scope.ts'
import {
  ArrayList,
  CelList,
  CelMap,
  CelOptional,
  CelTypeValue,
  type CelValue,
  EntryMap,
  none,
  typeNameOf,
} from './values.ts'

/** A checked expression, ready to run. `constant` gives names such as `int` their value. */
export function plan(expr: Expr, constant: (name: string) => CelValue | undefined): Step {
  return new Planner(constant).plan(expr)
}

class Planner {
  readonly #constant: (name: string) => CelValue | undefined

  constructor(constant: (name: string) => CelValue | undefined) {
    this.#constant = constant
  }

  plan(expr: Expr): Step {
    switch (expr.kind) {
      case 'literal':
        return () => expr.value
      case 'ident':
        return this.#ident(expr.name)
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
        return planFold(
          expr,
          this.plan(expr.range),
          expr.condition && this.plan(expr.condition),
          expr.transform && this.plan(expr.transform),
        )
      case 'optionalMap':
        return this.#optionalMap(expr)
    }
  }

  #ident(name: string): Step {
    const constant = this.#constant(name)
    return (scope) => {
      scope.spend(1)
      const value = scope.get(name) ?? constant
      if (value === undefined && scope.get(name) === undefined)
        throw new CelError(`no such attribute(s): ${name}`)
      return value as CelValue
    }
  }

  #select({ operand, field, test, optional }: Select): Step {
    const from = this.plan(operand)
    return (scope) => {
      if (!test) scope.spend(1)
      const value = from(scope)
      if (value instanceof CelOptional) return selectOptional(value.value, field, test)
      if (optional) return selectOptional(value, field, false)
      if (!(value instanceof CelMap)) throw new CelError('no such overload')
      if (test) return value.hasField(field)
      const found = value.field(field)
      if (found === undefined) throw new CelError(`no such key: ${field}`)
      return found
    }
  }

  #call(expr: Call): Step {
    const { name, args, target } = expr
    const steps = (target ? [target, ...args] : args).map((arg) => this.plan(arg))
    const [first, second, third] = steps as [Step, Step, Step]
    switch (name) {
      case '_&&_':
        return logical(first, second, false)
      case '_||_':
        return logical(first, second, true)
      case '_?_:_':
        return (scope) => {
          const condition = first(scope)
          if (typeof condition !== 'boolean') throw new CelError('no such overload')
          return condition ? second(scope) : third(scope)
        }
      case '_==_':
        return (scope) => {
          scope.spend(1)
          return celEquals(first(scope), second(scope))
        }
      case '_!=_':
        return (scope) => {
          scope.spend(1)
          return !celEquals(first(scope), second(scope))
        }
      default:
        return dispatch(expr, steps)
    }
  }

  #list({ elements }: ListLiteral): Step {
    const steps = elements.map(({ value, optional }) => ({ step: this.plan(value), optional }))
    return (scope) => {
      scope.spend(10)
      const items: CelValue[] = []
      for (const { step, optional } of steps) {
        const value = step(scope)
        if (!optional) items.push(value)
        else if (!(value instanceof CelOptional)) throw new CelError('no such overload')
        else if (value.value !== undefined) items.push(value.value)
      }
      return new ArrayList(items)
    }
  }

  #map({ entries }: MapLiteral): Step {
    const steps = entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      optional,
    }))
    return (scope) => {
      scope.spend(30)
      const made: [CelValue, CelValue][] = []
      for (const { key, value, optional } of steps) {
        const name = key(scope)
        const given = value(scope)
        if (!optional) made.push([name, given])
        else if (!(given instanceof CelOptional)) throw new CelError('no such overload')
        else if (given.value !== undefined) made.push([name, given.value])
      }
      const map = new EntryMap(made)
      if (map.size < made.length) throw new CelError('Failed with repeated key')
      return map
    }
  }

  #struct({ fields }: StructLiteral): Step {
    const steps = fields.map(({ name, value, optional }) => ({ name, step: this.plan(value), optional }))
    return (scope) => {
      scope.spend(40)
      const made: [CelValue, CelValue][] = []
      for (const { name, step, optional } of steps) {
        const value = step(scope)
        if (!optional) made.push([name, value])
        else if (value instanceof CelOptional && value.value !== undefined) made.push([name, value.value])
      }
      return new EntryMap(made)
    }
  }

  #optionalMap({ target, variable, transform, flat }: OptionalMap): Step {
    const from = this.plan(target)
    const to = this.plan(transform)
    return (scope) => {
      const value = from(scope)
      if (!(value instanceof CelOptional)) throw new CelError('no such overload')
      if (value.value === undefined) return none
      const made = to(scope.with(variable, value.value))
      return flat ? made : new CelOptional(made)
    }
  }
}

function selectOptional(value: CelValue | undefined, field: string, test: boolean): CelValue {
  if (value !== undefined && value !== null && !(value instanceof CelMap))
    throw new CelError('no such overload')
  const found = value instanceof CelMap ? value.field(field) : undefined
  if (test) return found !== undefined
  return found === undefined ? none : new CelOptional(found)
}

/** `&&` (decided by false) or `||` (by true): what decides wins over an error of the other operand. */
function logical(left: Step, right: Step, decisive: boolean): Step {
  return (scope) => {
    let failure: unknown
    for (const step of [left, right]) {
      try {
        const value = step(scope)
        if (typeof value !== 'boolean') throw new CelError('no such overload')
        if (value === decisive) return decisive
      } catch (error) {
        if (!(error instanceof CelError) || error instanceof CelCostError) throw error
        failure ??= error
      }
    }
    if (failure) throw failure
    return !decisive
  }
}

function dispatch({ name, overloads = [] }: Call, steps: Step[]): Step {
  const only = overloads.length === 1 ? overloads[0] : undefined
  const index = name === '_[_]' ? planIndex(steps as [Step, Step]) : undefined
  if (index) return index
  return (scope) => {
    const args = steps.map((step) => step(scope))
    scope.spend(costOf(args))
    const fits = (overload: (typeof overloads)[number]): boolean =>
      overload.parameters.every((type, at) => accepts(type, args[at] as CelValue))
    const overload = only && fits(only) ? only : overloads.find(fits)
    if (!overload) throw new CelError('no such overload')
    return overload.call(...(args as never[]))
  }
}

/** Long strings and lists cost more to go through. */
function costOf(args: CelValue[]): number {
  let cost = 1
  for (const arg of args) {
    if (typeof arg === 'string') cost += arg.length / 10
    else if (arg instanceof CelList) cost += arg.size / 10
  }
  return Math.ceil(cost)
}

/** Indexing is most of what expressions do. */
function planIndex([from, by]: [Step, Step]): Step {
  return (scope) => {
    scope.spend(1)
    const value = from(scope)
    const key = by(scope)
    if (value instanceof CelOptional) return value.value === undefined ? none : toOptional(value.value, key)
    const found = element(value, key)
    if (found !== undefined) return found
    throw new CelError(
      value instanceof CelList ? `index out of bounds: ${String(key)}` : `no such key: ${String(key)}`,
    )
  }
}

function toOptional(value: CelValue, key: CelValue): CelValue {
  const found = element(value, key)
  return found === undefined ? none : new CelOptional(found)
}

/** @throws CelError when the value has no elements */
export function element(value: CelValue, key: CelValue): CelValue | undefined {
  if (value instanceof CelMap) return value.get(key)
  if (!(value instanceof CelList)) throw new CelError('no such overload')
  const index = typeof key === 'bigint' ? Number(key) : key
  if (typeof index !== 'number' || !Number.isInteger(index))
    throw new CelError(`unsupported index type '${typeNameOf(key)}' in list`)
  return value.at(index)
}

/** `type(x)`. */
export function typeOf(value: CelValue): CelTypeValue {
  return new CelTypeValue(typeNameOf(value))
}
