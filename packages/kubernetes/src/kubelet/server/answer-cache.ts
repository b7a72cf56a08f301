import { LruMap } from '../../client/lru-map.ts'

const limit = 256

interface Entry<T> {
  answer: Promise<T>
  until: number
}

/** Answers that hold for a while. Who asks while a question is under way gets the same answer. */
export class AnswerCache<T> {
  private readonly entries = new LruMap<string, Entry<T>>(limit)

  /** `ask` says how long its answer holds (milliseconds); one that fails is not kept. */
  async get(question: string, ask: () => Promise<{ value: T; forMs: number }>): Promise<T> {
    const known = this.entries.get(question)
    if (known && performance.now() < known.until) return known.answer
    const entry: Entry<T> = { answer: this.ask(question, ask), until: Number.POSITIVE_INFINITY }
    this.entries.set(question, entry)
    return entry.answer
  }

  private async ask(question: string, ask: () => Promise<{ value: T; forMs: number }>): Promise<T> {
    try {
      const { value, forMs } = await ask()
      const entry = this.entries.get(question)
      if (entry) entry.until = performance.now() + forMs
      return value
    } catch (error) {
      this.entries.delete(question)
      throw error
    }
  }
}
