const chunkSize = 256

interface Chunk<V> {
  keys: string[]
  values: V[]
}

/**
 * A map with its keys in order: a list of chunks of at most 256 entries. Look-ups and changes cost a binary search and
 * the move of a part of one chunk, whatever the size; a range is read without touching what lies outside of it.
 */
export class SortedMap<V> {
  readonly #chunks: Chunk<V>[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: string): V | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)]
    if (!chunk) return undefined
    const at = lowerBound(chunk.keys, key)
    return chunk.keys[at] === key ? chunk.values[at] : undefined
  }

  set(key: string, value: V): void {
    const index = this.#chunkOf(key)
    const chunk = this.#chunks[index]
    if (!chunk) {
      this.#chunks.push({ keys: [key], values: [value] })
      this.#size++
      return
    }
    const at = lowerBound(chunk.keys, key)
    if (chunk.keys[at] === key) {
      chunk.values[at] = value
      return
    }
    chunk.keys.splice(at, 0, key)
    chunk.values.splice(at, 0, value)
    this.#size++
    if (chunk.keys.length > chunkSize) {
      // Keys mostly come in order (generated names, start-up): then leave the full chunk behind instead of halving it.
      const cut = at === chunk.keys.length - 1 ? at : chunk.keys.length >> 1
      this.#chunks.splice(index + 1, 0, { keys: chunk.keys.splice(cut), values: chunk.values.splice(cut) })
    }
  }

  delete(key: string): boolean {
    const index = this.#chunkOf(key)
    const chunk = this.#chunks[index]
    if (!chunk) return false
    const at = lowerBound(chunk.keys, key)
    if (chunk.keys[at] !== key) return false
    chunk.keys.splice(at, 1)
    chunk.values.splice(at, 1)
    if (chunk.keys.length === 0) this.#chunks.splice(index, 1)
    this.#size--
    return true
  }

  /** Entries under `prefix` whose keys are greater than `after`, in order. The map must not change meanwhile. */
  *entries(prefix: string, after = ''): Generator<[string, V]> {
    const from = after > prefix ? after : prefix
    for (let index = this.#chunkOf(from); index < this.#chunks.length; index++) {
      const { keys, values } = this.#chunks[index] as Chunk<V>
      for (let at = lowerBound(keys, from); at < keys.length; at++) {
        const key = keys[at] as string
        if (!key.startsWith(prefix)) {
          if (key > prefix) return
          continue
        }
        if (key !== after) yield [key, values[at] as V]
      }
    }
  }

  /** How many keys start with `prefix` and are greater than `after`; looks at the chunks, not at every key. */
  count(prefix: string, after = ''): number {
    const end = `${prefix}\uffff`
    const start =
      after > prefix ? this.#rank(after) + (this.get(after) === undefined ? 0 : 1) : this.#rank(prefix)
    return Math.max(0, this.#rank(end) - start)
  }

  /** How many keys are less than `key`. */
  #rank(key: string): number {
    const index = this.#chunkOf(key)
    let rank = 0
    for (let i = 0; i < index; i++) rank += (this.#chunks[i] as Chunk<V>).keys.length
    const chunk = this.#chunks[index]
    return chunk ? rank + lowerBound(chunk.keys, key) : rank
  }

  /** The last chunk whose first key is not greater than `key`; 0 when there is none. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#chunks[middle] as Chunk<V>).keys[0]! <= key) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
}

/** Index of the first key that is not less than `key`. */
function lowerBound(keys: string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
