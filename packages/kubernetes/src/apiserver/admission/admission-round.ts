import { cloneJson, deepEqual } from '../../api/json.ts'
import type { KubeObject } from '../../api/kube-object.ts'

/**
 * One request's way through the mutating plugins. There are at most two rounds: when a webhook or policy has changed the
 * object, all plugins get to see it again, and webhooks and policies that want to (`reinvocationPolicy: IfNeeded`).
 */
export class AdmissionRound {
  #again = false
  #wanted = false
  readonly #reinvocations = new Map<object, Reinvocation>()

  get again(): boolean {
    return this.#again
  }

  /** Asks for a second round. */
  repeat(): void {
    this.#wanted = true
  }

  /** True when there is to be a second round, which begins. */
  next(): boolean {
    if (this.#again || !this.#wanted) return false
    this.#again = true
    return true
  }

  /** What a plugin keeps from the first round for the second. */
  reinvocationOf(plugin: object): Reinvocation {
    const found = this.#reinvocations.get(plugin) ?? new Reinvocation(this)
    this.#reinvocations.set(plugin, found)
    return found
  }
}

/** Which webhooks or policies of a plugin have to see an object again, because it was changed after they saw it. */
export class Reinvocation {
  readonly #round: AdmissionRound
  #left: KubeObject | undefined
  readonly #seen = new Set<unknown>()
  readonly #due = new Set<unknown>()

  constructor(round: AdmissionRound) {
    this.#round = round
  }

  /** The plugin's turn begins. */
  begin(object: KubeObject | undefined): void {
    if (this.#round.again && !deepEqual(object, this.#left)) this.#changed()
  }

  /** Is this one left out in the second round? */
  skips(key: unknown): boolean {
    return this.#round.again && !this.#due.has(key)
  }

  called(key: unknown, { changed, ifNeeded }: { changed: boolean; ifNeeded: boolean }): void {
    if (changed) {
      this.#changed()
      this.#round.repeat()
    }
    if (ifNeeded) this.#seen.add(key)
  }

  end(object: KubeObject | undefined): void {
    this.#left = object && cloneJson(object)
  }

  #changed(): void {
    for (const key of this.#seen) this.#due.add(key)
    this.#seen.clear()
  }
}
