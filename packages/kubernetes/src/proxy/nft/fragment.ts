/** What one owner (a Service, a pod, a policy) has in the table. Rules and elements are in nft's own words. */
export interface Fragment {
  /** Chain → its rules, in order. */
  readonly chains: ReadonlyMap<string, readonly string[]>
  /** Sets and maps that only this owner has → their definition. */
  readonly sets: ReadonlyMap<string, string>
  /** What it puts into sets and maps, its own or those of the base table. */
  readonly elements: readonly Element[]
}

export interface Element {
  readonly set: string
  readonly key: string
  /** For maps. */
  readonly value?: string
}

/** Collects a fragment. */
export class FragmentBuilder implements Fragment {
  readonly chains = new Map<string, string[]>()
  readonly sets = new Map<string, string>()
  readonly elements: Element[] = []

  chain(name: string, rules: readonly string[]): this {
    this.chains.set(name, [...rules])
    return this
  }

  set(name: string, definition: string): this {
    this.sets.set(name, definition)
    return this
  }

  element(set: string, key: string, value?: string): this {
    this.elements.push({ set, key, ...(value !== undefined && { value }) })
    return this
  }
}

export const emptyFragment: Fragment = new FragmentBuilder()
