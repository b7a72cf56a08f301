type Interval = readonly [first: number, last: number]

/** Completion indexes, kept and written as intervals: `1,3-5,7`. */
export class IndexSet {
  readonly #intervals: readonly Interval[]

  private constructor(intervals: readonly Interval[]) {
    this.#intervals = intervals
  }

  static readonly empty = new IndexSet([])

  static of(indexes: Iterable<number>): IndexSet {
    return IndexSet.#join([...indexes].map((index): Interval => [index, index]))
  }

  /** What is no number is skipped; indexes from `completions` on are cut off. */
  static parse(text: string | undefined, completions: number): IndexSet {
    const intervals: Interval[] = []
    for (const part of text ? text.split(',') : []) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part)
      if (!match) continue
      const first = Number(match[1])
      if (first >= completions) break
      intervals.push([first, Math.min(Number(match[2] ?? first), completions - 1)])
    }
    return IndexSet.#join(intervals)
  }

  static #join(intervals: Interval[]): IndexSet {
    const joined: [number, number][] = []
    for (const [first, last] of [...intervals].sort(([a], [b]) => a - b)) {
      const before = joined.at(-1)
      if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last)
      else joined.push([first, last])
    }
    return new IndexSet(joined)
  }

  get size(): number {
    return this.#intervals.reduce((sum, [first, last]) => sum + last - first + 1, 0)
  }

  has(index: number): boolean {
    return this.#intervals.some(([first, last]) => first <= index && index <= last)
  }

  union(other: IndexSet): IndexSet {
    return other.#intervals.length === 0 ? this : IndexSet.#join([...this.#intervals, ...other.#intervals])
  }

  /** How many indexes both have. */
  overlap(other: IndexSet): number {
    let count = 0
    for (const [first, last] of this.#intervals) {
      for (const [otherFirst, otherLast] of other.#intervals) {
        count += Math.max(0, Math.min(last, otherLast) - Math.max(first, otherFirst) + 1)
      }
    }
    return count
  }

  /** The lowest indexes below `end` that are not in the set. */
  missing(count: number, end: number): number[] {
    const found: number[] = []
    let candidate = 0
    for (const [first, last] of [...this.#intervals, [end, end] as const]) {
      for (; candidate < Math.min(first, end) && found.length < count; candidate++) found.push(candidate)
      candidate = Math.max(candidate, last + 1)
    }
    return found
  }

  toString(): string {
    return this.#intervals
      .map(([first, last]) => {
        if (first === last) return `${first}`
        return last === first + 1 ? `${first},${last}` : `${first}-${last}`
      })
      .join(',')
  }
}
