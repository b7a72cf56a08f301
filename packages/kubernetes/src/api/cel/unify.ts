import { type CelType, dyn, parametersOf, sameType, withParameters } from './cel-type.ts'

/**
 * What type variables stand for while an expression is checked. Types fit when one can be put where the other is
 * expected; variables take the more general of what they meet.
 */
export class Substitutions {
  #bound: Map<string, CelType>
  #fresh = 0

  constructor(bound = new Map<string, CelType>()) {
    this.#bound = bound
  }

  /** A variable that stands for nothing yet. */
  fresh(): CelType {
    return { kind: 'parameter', name: `_var${this.#fresh++}` }
  }

  /** A type with the variables of a signature made fresh. */
  instantiate(types: readonly CelType[]): CelType[] {
    const fresh = new Map<string, CelType>()
    const replace = (type: CelType): CelType => {
      if (type.kind === 'parameter') {
        const known = fresh.get(type.name) ?? this.fresh()
        fresh.set(type.name, known)
        return known
      }
      const parts = parametersOf(type)
      return parts.length > 0 ? withParameters(type, parts.map(replace)) : type
    }
    return types.map(replace)
  }

  /** A type with what its variables stand for; those that stand for nothing become `dyn` if asked. */
  resolve(type: CelType, freeToDyn = false): CelType {
    if (type.kind === 'parameter') {
      const bound = this.#bound.get(type.name)
      if (bound) return this.resolve(bound, freeToDyn)
      return freeToDyn ? dyn : type
    }
    const parts = parametersOf(type)
    if (parts.length === 0) return type
    return withParameters(
      type,
      parts.map((part) => this.resolve(part, freeToDyn)),
    )
  }

  /** Whether each of `given` fits its `expected`; variables are bound only when all do. */
  fit(given: readonly CelType[], expected: readonly CelType[]): boolean {
    if (given.length !== expected.length) return false
    const before = new Map(this.#bound)
    if (given.every((type, index) => this.#fits(type, expected[index] as CelType))) return true
    this.#bound = before
    return false
  }

  #fits(left: CelType, right: CelType): boolean {
    if (right.kind === 'parameter') {
      const [valid, bound] = this.#substitutes(left, right)
      if (valid) return true
      if (bound) return false
    }
    if (left.kind === 'parameter') return this.#substitutes(right, left)[0]
    if (isAnything(left) || isAnything(right)) return true
    if (left.kind === 'null') return isNullable(right)
    if (right.kind === 'null') return isNullable(left)
    if (left.kind !== right.kind) return false
    switch (left.kind) {
      case 'object':
        return left.name === (right as typeof left).name
      case 'type':
        return true
      case 'opaque':
      case 'list':
      case 'map': {
        if (left.kind === 'opaque' && left.name !== (right as typeof left).name) return false
        const others = parametersOf(right)
        return parametersOf(left).every((part, index) => this.#fits(part, others[index] as CelType))
      }
      default:
        return true
    }
  }

  /** Whether a variable may stand for a type, and whether it stood for something before. */
  #substitutes(type: CelType, variable: CelType & { kind: 'parameter' }): [valid: boolean, bound: boolean] {
    if (sameType(type, variable)) return [true, true]
    const bound = this.#bound.get(variable.name)
    if (bound) {
      if (sameType(type, bound)) return [true, true]
      if (!this.#fits(type, bound)) return [false, true]
      const general = mostGeneral(type, bound)
      if (!this.#occurs(variable, general)) this.#bound.set(variable.name, general)
      return [true, true]
    }
    if (this.#occurs(variable, type)) return [false, false]
    this.#bound.set(variable.name, type)
    return [true, false]
  }

  #occurs(variable: CelType & { kind: 'parameter' }, type: CelType): boolean {
    if (type.kind === 'parameter') {
      if (type.name === variable.name) return true
      const bound = this.#bound.get(type.name)
      return bound ? this.#occurs(variable, bound) : false
    }
    return parametersOf(type).some((part) => this.#occurs(variable, part))
  }
}

function isAnything({ kind }: CelType): boolean {
  return kind === 'dyn' || kind === 'error'
}

function isNullable({ kind }: CelType): boolean {
  return ['opaque', 'object', 'duration', 'timestamp', 'null'].includes(kind)
}

/** Of two types that fit, the one that says less. */
export function mostGeneral(left: CelType, right: CelType): CelType {
  return saysLess(left, right) ? left : right
}

function saysLess(left: CelType, right: CelType): boolean {
  if (left.kind === 'dyn' || left.kind === 'parameter') return true
  if (right.kind === 'dyn' || right.kind === 'parameter') return false
  if (left.kind !== right.kind) return false
  const parts = parametersOf(left)
  const others = parametersOf(right)
  if (left.kind === 'type') return true
  if (parts.length === 0) return sameType(left, right)
  return (
    parts.length === others.length && parts.every((part, index) => saysLess(part, others[index] as CelType))
  )
}
