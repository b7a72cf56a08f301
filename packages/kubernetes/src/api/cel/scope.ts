import { CelCostError } from './cel-error.ts'
import type { CelValue } from './values.ts'

/** Where an expression finds its variables, and how much it may still cost. */
export class Scope {
  readonly budget: { left: number }
  readonly #name: string
  readonly #value: CelValue
  readonly #parent: Scope | undefined
  readonly #root: (name: string) => CelValue | undefined

  constructor(
    budget: { left: number },
    root: (name: string) => CelValue | undefined,
    parent?: Scope,
    name = '',
    value: CelValue = null,
  ) {
    this.budget = budget
    this.#root = root
    this.#parent = parent
    this.#name = name
    this.#value = value
  }

  with(name: string, value: CelValue): Scope {
    return new Scope(this.budget, this.#root, this, name, value)
  }

  get(name: string): CelValue | undefined {
    for (let scope: Scope = this; scope.#parent; scope = scope.#parent)
      if (scope.#name === name) return scope.#value
    return this.#root(name)
  }

  spend(cost: number): void {
    this.budget.left -= cost
    if (this.budget.left < 0) throw new CelCostError()
  }
}

/** A part of an expression, ready to run. */
export type Step = (scope: Scope) => CelValue
