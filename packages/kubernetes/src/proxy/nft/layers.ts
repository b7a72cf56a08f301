/**
 * Values by key, each wanted by one owner or more; the one that wanted it first counts. Remembers what has been written
 * down, and so what has changed since.
 */
export class Layers<T> {
  /** Key → owner → value, in the order of wanting. */
  readonly #wanted = new Map<string, Map<string, T>>()
  readonly #settled = new Map<string, T>()
  readonly #touched = new Set<string>()

  replace(owner: string, before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): void {
    for (const key of before.keys()) {
      if (after.has(key)) continue
      const owners = this.#wanted.get(key)
      owners?.delete(owner)
      if (owners?.size === 0) this.#wanted.delete(key)
      this.#touched.add(key)
    }
    for (const [key, value] of after) {
      const owners = this.#wanted.get(key)
      if (owners) owners.set(owner, value)
      else this.#wanted.set(key, new Map([[owner, value]]))
      this.#touched.add(key)
    }
  }

  get(key: string): T | undefined {
    return this.#wanted.get(key)?.values().next().value
  }

  *all(): Iterable<[string, T]> {
    for (const [key, owners] of this.#wanted) yield [key, owners.values().next().value as T]
  }

  /** Keys whose value is not what was settled last. */
  changes(): { key: string; before: T | undefined; after: T | undefined }[] {
    const changes: { key: string; before: T | undefined; after: T | undefined }[] = []
    for (const key of this.#touched) {
      const before = this.#settled.get(key)
      const after = this.get(key)
      if (!isSame(before, after)) changes.push({ key, before, after })
    }
    return changes
  }

  settle(): void {
    for (const key of this.#touched) {
      const value = this.get(key)
      if (value === undefined) this.#settled.delete(key)
      else this.#settled.set(key, value)
    }
    this.#touched.clear()
  }
}

/** Of strings, or of lists of strings. */
function isSame(left: unknown, right: unknown): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right
  return left.length === right.length && left.every((item, index) => item === right[index])
}
