import { randomInt } from 'node:crypto'

/**
 * Which numbers of a range are in use, and by how many. Automatic choices are random and come from above `reserved`, so
 * that those below stay free for whoever asks for a certain one, until nothing else is left.
 */
export class NumberPool {
  readonly #first: number
  readonly #last: number
  readonly #reserved: number
  readonly #users = new Map<number, number>()

  constructor(first: number, last: number, reserved: number) {
    this.#first = first
    this.#last = last
    this.#reserved = last - first + 1 > reserved ? reserved : 0
  }

  isUsed(number: number): boolean {
    return this.#users.has(number)
  }

  use(number: number): void {
    this.#users.set(number, (this.#users.get(number) ?? 0) + 1)
  }

  release(number: number): void {
    const left = (this.#users.get(number) ?? 1) - 1
    if (left > 0) this.#users.set(number, left)
    else this.#users.delete(number)
  }

  /** A free number; undefined when there is none. It is not in use yet. */
  choose(): number | undefined {
    const split = this.#first + this.#reserved
    return this.#within(split, this.#last) ?? this.#within(this.#first, split - 1)
  }

  #within(first: number, last: number): number | undefined {
    const size = last - first + 1
    if (size <= 0) return undefined
    const start = size > 1 ? randomInt(size) : 0
    const tries = Math.min(size, this.#users.size + 1)
    for (let step = 0; step < tries; step++) {
      const number = first + ((start + step) % size)
      if (!this.#users.has(number)) return number
    }
    return undefined
  }
}
