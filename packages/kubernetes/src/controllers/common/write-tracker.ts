/**
 * Remembers what was written until the cache shows it. Where names are generated, acting on a cache that lacks the own
 * last writes would do them again. `group` is what one reconcile is about, `name` an object that it writes.
 */
export class WriteTracker {
  readonly #pending = new Map<string, Map<string, string | undefined>>()

  /** The cache does not show all of the own writes yet. */
  isBehind(group: string): boolean {
    return this.#pending.has(group)
  }

  /** @param cached the version that the cache shows now: it may have been faster than the answer */
  wrote(group: string, name: string, resourceVersion: string | undefined, cached: string | undefined): void {
    if (!isOlder(cached, resourceVersion)) return
    this.#add(group, name, resourceVersion)
  }

  deleted(group: string, name: string, isCached: boolean): void {
    if (isCached) this.#add(group, name, undefined)
  }

  /**
   * The cache shows a version of the object, or (without one) its deletion.
   *
   * @returns whether it was expected: the own write, or one before it
   */
  observe(group: string, name: string, resourceVersion: string | undefined): boolean {
    const pending = this.#pending.get(group)
    if (!pending?.has(name)) return false
    const expected = pending.get(name)
    const gone = resourceVersion === undefined
    if (gone || (expected !== undefined && !isOlder(resourceVersion, expected))) pending.delete(name)
    if (pending.size === 0) this.#pending.delete(group)
    return gone ? expected === undefined : expected === undefined || !isOlder(expected, resourceVersion)
  }

  #add(group: string, name: string, resourceVersion: string | undefined): void {
    const pending = this.#pending.get(group)
    if (pending) pending.set(name, resourceVersion)
    else this.#pending.set(group, new Map([[name, resourceVersion]]))
  }
}

/** Versions are the numbers of one counter. */
function isOlder(version: string | undefined, than: string | undefined): boolean {
  return Number(version ?? 0) < Number(than ?? 0)
}
