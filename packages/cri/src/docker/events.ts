import { createInterface } from 'node:readline'
import type { Engine } from './engine.ts'
import type { EngineEvent } from './engine-types.ts'

/** What the engine says of containers, to whoever listens; it is followed once for all. */
export class Events {
  readonly #listeners = new Set<(event: EngineEvent) => void>()
  readonly #abort = new AbortController()
  /** Resolves when the engine has ended, or `close` was called. */
  readonly ended: Promise<void>

  private constructor(lines: AsyncIterable<string>, abort: AbortController) {
    this.#abort = abort
    this.ended = this.#deliver(lines).catch(() => {})
  }

  static async open(engine: Engine): Promise<Events> {
    const abort = new AbortController()
    const filters = { type: ['container'], event: ['create', 'start', 'die', 'destroy', 'exec_die'] }
    const stream = await engine.stream('/events', {
      query: { filters: JSON.stringify(filters) },
      signal: abort.signal,
    })
    return new Events(createInterface({ input: stream }), abort)
  }

  /** Call the result to hear no more. */
  listen(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Those from now on, until `signal` aborts or the engine ends. */
  async *follow(signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const queue: EngineEvent[] = []
    let wake = Promise.withResolvers<void>()
    const stop = this.listen((event) => {
      queue.push(event)
      wake.resolve()
    })
    const wakeUp = () => wake.resolve()
    let over = false
    void this.ended.then(() => {
      over = true
      wake.resolve()
    })
    signal.addEventListener('abort', wakeUp)
    try {
      while (!signal.aborted) {
        for (let event = queue.shift(); event; event = queue.shift()) yield event
        if (over) return
        if (!signal.aborted) await wake.promise
        wake = Promise.withResolvers()
        if (queue.length > 0) continue
      }
    } finally {
      stop()
      signal.removeEventListener('abort', wakeUp)
    }
  }

  close(): void {
    this.#abort.abort()
  }

  async #deliver(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      const event = JSON.parse(line) as EngineEvent
      for (const listener of this.#listeners) listener(event)
    }
  }
}
