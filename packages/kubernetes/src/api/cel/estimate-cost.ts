import type { CheckedCel } from './cel.ts'
import type { Call, Expr, Fold } from './expression.ts'
import { CelList, CelMap, type CelValue } from './values.ts'

/**
 * The most that an expression may come to cost, by what its types say of the sizes of values (cel-go's estimate, in its
 * upper bound). What is not bounded counts as infinite.
 */
export function estimateCost(checked: CheckedCel): number {
  return new Estimator(checked).cost(checked.expr)
}

const perCharacter = 0.1
const perPatternCharacter = 0.25
const unknown = Number.POSITIVE_INFINITY
const scanning = new Set([
  'startsWith',
  'endsWith',
  'lowerAscii',
  'upperAscii',
  'trim',
  'charAt',
  'substring',
])
const listScanning = new Set(['isSorted', 'sum', 'min', 'max', 'indexOf', 'lastIndexOf', 'sort', 'distinct'])
const comparing = new Set(['_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_'])

class Estimator {
  readonly #checked: CheckedCel

  constructor(checked: CheckedCel) {
    this.#checked = checked
  }

  cost(expr: Expr): number {
    switch (expr.kind) {
      case 'literal':
        return 0
      case 'ident':
        return 1
      case 'select':
        return this.cost(expr.operand) + (expr.test ? 0 : 1)
      case 'call':
        return this.#call(expr)
      case 'list':
        return expr.elements.reduce((sum, { value }) => sum + this.cost(value), 10)
      case 'map':
        return expr.entries.reduce((sum, { key, value }) => sum + this.cost(key) + this.cost(value), 30)
      case 'struct':
        return expr.fields.reduce((sum, { value }) => sum + this.cost(value), 40)
      case 'fold':
        return this.#fold(expr)
      case 'optionalMap':
        return this.cost(expr.target) + this.cost(expr.transform) + 1
    }
  }

  /** How long the value of an expression may be; 1 for what has no length. */
  #size(expr: Expr): number {
    if (expr.kind === 'literal') return sizeOf(expr.value)
    if (expr.kind === 'list') return expr.elements.length
    if (expr.kind === 'map') return expr.entries.length
    if (expr.kind === 'fold') return expr.transform || expr.fold === 'filter' ? this.#size(expr.range) : 1
    if (expr.kind === 'call' && expr.name === '_+_') {
      const sum = expr.args.reduce((size, arg) => size + this.#size(arg), 0)
      if (['string', 'bytes', 'list'].includes(this.#checked.typeOf(expr).kind)) return sum
    }
    if (expr.kind === 'call' && expr.name === '_?_:_')
      return Math.max(...expr.args.slice(1).map((arg) => this.#size(arg)))
    if (expr.kind === 'call' && expr.target && scanning.has(expr.name)) return this.#size(expr.target)
    const type = this.#checked.typeOf(expr)
    switch (type.kind) {
      case 'string':
      case 'bytes':
      case 'list':
      case 'map':
      case 'dyn':
        return type.most ?? unknown
      default:
        return 1
    }
  }

  #call({ name, target, args }: Call): number {
    const given = [...(target ? [target] : []), ...args].reduce((sum, arg) => sum + this.cost(arg), 0)
    const [first, second, third] = args
    switch (name) {
      case '_&&_':
      case '_||_':
        return given
      case '_?_:_':
        return this.cost(first as Expr) + Math.max(this.cost(second as Expr), this.cost(third as Expr))
      case '@in':
        return given + (this.#checked.typeOf(second as Expr).kind === 'list' ? this.#size(second as Expr) : 1)
      case 'matches':
        return given + this.#matches(target ?? (first as Expr), target ? (first as Expr) : (second as Expr))
      case 'contains':
        if (target && first)
          return given + scaled(this.#size(target), perCharacter) * scaled(this.#size(first), perCharacter)
        break
      case '_+_':
        if (this.#checked.typeOf(first as Expr).kind === 'string')
          return given + scaled(this.#size(first as Expr) + this.#size(second as Expr), perCharacter)
        break
      case 'find':
      case 'findAll':
        if (target && first) return given + this.#matches(target, first)
        break
      case 'replace':
      case 'split':
      case 'join':
        if (target) return given + scaled(this.#size(target), 2 * perCharacter)
    }
    if (comparing.has(name))
      return given + scaled(Math.min(this.#size(first as Expr), this.#size(second as Expr)), perCharacter)
    if (target && scanning.has(name)) return given + scaled(this.#size(target), perCharacter)
    if (target && listScanning.has(name)) return given + this.#size(target)
    return given + 1
  }

  #matches(text: Expr, pattern: Expr): number {
    return scaled(this.#size(text) + 1, perCharacter) * scaled(this.#size(pattern), perPatternCharacter)
  }

  /** Each round asks whether to go on, and adds what the macro is about. */
  #fold({ fold, range, condition, transform }: Fold): number {
    const test = condition ? this.cost(condition) : 0
    const made = transform ? this.cost(transform) : 0
    const collects = fold === 'filter' || transform !== undefined
    // Collecting makes a list of one and joins it; counting and testing look at the result so far.
    const round = test + made + (collects ? 13 : 3)
    return this.cost(range) + (collects ? 11 : 1) + this.#size(range) * round
  }
}

function scaled(size: number, factor: number): number {
  return Math.ceil(size * factor)
}

function sizeOf(value: CelValue): number {
  if (typeof value === 'string') return [...value].length
  if (value instanceof Uint8Array) return value.length
  return value instanceof CelList || value instanceof CelMap ? value.size : 1
}
