/** A binary heap with removal by key; the least item, by `before`, comes first. */
export class PodHeap<T extends { readonly key: string }> {
  readonly #items: T[] = []
  readonly #positions = new Map<string, number>()
  readonly #before: (left: T, right: T) => boolean

  constructor(before: (left: T, right: T) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  get(key: string): T | undefined {
    const position = this.#positions.get(key)
    return position === undefined ? undefined : this.#items[position]
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  /** Puts an item in, in place of one with the same key. */
  push(item: T): void {
    this.delete(item.key)
    this.#items.push(item)
    this.#positions.set(item.key, this.#items.length - 1)
    this.#up(this.#items.length - 1)
  }

  pop(): T | undefined {
    const first = this.#items[0]
    if (first) this.delete(first.key)
    return first
  }

  delete(key: string): T | undefined {
    const position = this.#positions.get(key)
    if (position === undefined) return undefined
    const item = this.#items[position]
    const last = this.#items.pop()
    this.#positions.delete(key)
    if (last && position < this.#items.length) {
      this.#place(last, position)
      this.#up(position)
      this.#down(this.#positions.get(last.key) ?? position)
    }
    return item
  }

  #place(item: T, position: number): void {
    this.#items[position] = item
    this.#positions.set(item.key, position)
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#items[a], this.#items[b]]
    if (!left || !right) return
    this.#place(right, a)
    this.#place(left, b)
  }

  #isBefore(a: number, b: number): boolean {
    const [left, right] = [this.#items[a], this.#items[b]]
    return left !== undefined && right !== undefined && this.#before(left, right)
  }

  #up(from: number): void {
    let position = from
    while (position > 0) {
      const parent = (position - 1) >> 1
      if (!this.#isBefore(position, parent)) return
      this.#swap(position, parent)
      position = parent
    }
  }

  #down(from: number): void {
    let position = from
    for (;;) {
      const left = 2 * position + 1
      const least = this.#isBefore(left + 1, left) ? left + 1 : left
      if (!this.#isBefore(least, position)) return
      this.#swap(position, least)
      position = least
    }
  }
}
