import { emptyFragment, type Fragment } from './fragment.ts'
import { Layers } from './layers.ts'

/** Before kernel 6.2, a chain is still held for a moment by a map element that was deleted. */
const burialMs = 1_000

/**
 * The table as it should be, made of a base and of fragments by owner, and what is known to be in the kernel. Where two
 * owners want the same chain or element, the first one has it.
 */
export class NftTable {
  readonly #name: string
  readonly #base: string
  readonly #fragments = new Map<string, Fragment>()
  readonly #chains = new Layers<readonly string[]>()
  readonly #sets = new Layers<string>()
  /** By set and key: `set\0key`. */
  readonly #elements = new Layers<string>()
  /** Chains that are empty and unused, and since when; deleted a little later. */
  readonly #graves = new Map<string, number>()
  /** Nothing is known of the kernel's state: all is to be written. */
  #unknown = true

  /** `base`: chains and sets that are always there, as they stand within the table's braces. */
  constructor(name: string, base: string) {
    this.#name = name
    this.#base = base
  }

  get owners(): Iterable<string> {
    return this.#fragments.keys()
  }

  /** Replaces what an owner has; nothing, when `fragment` is absent. */
  set(owner: string, fragment: Fragment | undefined): void {
    const before = this.#fragments.get(owner) ?? emptyFragment
    const after = fragment ?? emptyFragment
    if (fragment) this.#fragments.set(owner, fragment)
    else this.#fragments.delete(owner)
    this.#chains.replace(owner, before.chains, after.chains)
    this.#sets.replace(owner, before.sets, after.sets)
    this.#elements.replace(owner, byKey(before), byKey(after))
  }

  /** What is in the kernel is not what was thought: the next transaction writes everything. */
  distrust(): void {
    this.#unknown = true
  }

  /** The commands that bring the kernel up to date, for `nft -f`; empty when it is. */
  transaction(now: number): string {
    return this.#unknown ? this.#everything() : this.#changes(now)
  }

  /** The last transaction was carried out. */
  committed(now: number): void {
    const wasUnknown = this.#unknown
    this.#unknown = false
    if (wasUnknown) this.#graves.clear()
    for (const [name, since] of this.#graves) if (now - since >= burialMs) this.#graves.delete(name)
    for (const { key, before, after } of this.#chains.changes()) {
      if (after) this.#graves.delete(key)
      else if (before && !wasUnknown) this.#graves.set(key, now)
    }
    this.#chains.settle()
    this.#sets.settle()
    this.#elements.settle()
  }

  /** One transaction that puts a new table in the place of whatever was there. */
  #everything(): string {
    const lines = [
      `add table ip ${this.#name}`,
      `delete table ip ${this.#name}`,
      `table ip ${this.#name} {`,
      this.#base,
    ]
    for (const [name, definition] of this.#sets.all()) lines.push(`set ${name} { ${definition} }`)
    for (const [name] of this.#chains.all()) lines.push(`chain ${name} { }`)
    lines.push('}')
    for (const [name, rules] of this.#chains.all()) this.#addRules(lines, name, rules)
    this.#addElements(lines, this.#elements.all())
    return `${lines.join('\n')}\n`
  }

  #changes(now: number): string {
    const lines: string[] = []
    const sets = this.#sets.changes()
    const chains = this.#chains.changes()
    const elements = this.#elements.changes()
    for (const { key, before, after } of sets) {
      // Its definition cannot be changed while rules use it; names are made so that it need not be.
      if (after !== undefined && before === undefined)
        lines.push(`add set ip ${this.#name} ${key} { ${after} }`)
    }
    for (const { key, before, after } of chains) {
      if (after && !before && !this.#graves.has(key)) lines.push(`add chain ip ${this.#name} ${key}`)
    }
    const goneSets = new Set(sets.flatMap(({ key, after }) => (after === undefined ? [key] : [])))
    for (const { key, before } of elements) {
      const [set = '', element = ''] = key.split('\0')
      if (before !== undefined && !goneSets.has(set)) {
        lines.push(`delete element ip ${this.#name} ${set} { ${element} }`)
      }
    }
    for (const { key, before, after } of chains) {
      if (before) lines.push(`flush chain ip ${this.#name} ${key}`)
      if (after) this.#addRules(lines, key, after)
    }
    this.#addElements(
      lines,
      elements.flatMap(({ key, after }): [string, string][] => (after === undefined ? [] : [[key, after]])),
    )
    for (const set of goneSets) lines.push(`delete set ip ${this.#name} ${set}`)
    if (lines.length === 0) return ''
    for (const [name, since] of this.#graves) {
      const risen = chains.some(({ key, after }) => key === name && after)
      if (!risen && now - since >= burialMs) lines.push(`delete chain ip ${this.#name} ${name}`)
    }
    return `${lines.join('\n')}\n`
  }

  #addRules(lines: string[], chain: string, rules: readonly string[]): void {
    for (const rule of rules) lines.push(`add rule ip ${this.#name} ${chain} ${rule}`)
  }

  /** One command per set, as nft is slow with many. */
  #addElements(lines: string[], elements: Iterable<[string, string]>): void {
    const bySet = new Map<string, string[]>()
    for (const [key, value] of elements) {
      const [set = '', element = ''] = key.split('\0')
      const text = value === '' ? element : `${element} : ${value}`
      const known = bySet.get(set)
      if (known) known.push(text)
      else bySet.set(set, [text])
    }
    for (const [set, texts] of bySet)
      lines.push(`add element ip ${this.#name} ${set} { ${texts.join(', ')} }`)
  }
}

function byKey({ elements }: Fragment): Map<string, string> {
  return new Map(elements.map(({ set, key, value }) => [`${set}\0${key}`, value ?? '']))
}
