import type { WorkQueue, WorkQueueOptions } from './work-queue.ts'

const firstBackoffMs = 5
const longestBackoffMs = 1_000_000
/** setTimeout cannot wait longer than this. */
const longestTimerMs = 2 ** 31 - 1

/** A key that waits for its time. */
interface Delayed {
  due: number
  timer: NodeJS.Timeout
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { workers = 5, maxBackoffMs = longestBackoffMs, reconcile, onError } = options
  /** Keys to run, oldest first; a Set drops doubles and keeps the order. */
  const waiting = new Set<string>()
  const running = new Set<string>()
  const delayed = new Map<string, Delayed>()
  const failures = new Map<string, number>()
  let whenIdle: (() => void)[] = []
  let ready = options.ready === undefined
  let stopped = false

  function dispatch(): void {
    if (!ready || stopped) return
    for (const key of waiting) {
      if (running.size >= workers) return
      // One that is being worked on stays in line until its run has ended.
      if (running.has(key)) continue
      waiting.delete(key)
      void run(key)
    }
  }

  async function run(key: string): Promise<void> {
    running.add(key)
    try {
      await reconcile(key)
      failures.delete(key)
    } catch (error) {
      if (!stopped) {
        const failed = failures.get(key) ?? 0
        failures.set(key, failed + 1)
        addAfter(key, Math.min(firstBackoffMs * 2 ** failed, maxBackoffMs))
        onError(key, error)
      }
    } finally {
      running.delete(key)
      dispatch()
      settle()
    }
  }

  function settle(): void {
    if (running.size > 0 || (waiting.size > 0 && !stopped)) return
    const resolves = whenIdle
    whenIdle = []
    for (const resolve of resolves) resolve()
  }

  function idle(): Promise<void> {
    return new Promise((resolve) => {
      whenIdle.push(resolve)
      settle()
    })
  }

  let dispatching = false
  function add(key: string): void {
    if (stopped) return
    waiting.add(key)
    // Listeners add in bursts and go on reading the cache: reconciles start when they are through.
    if (dispatching) return
    dispatching = true
    queueMicrotask(() => {
      dispatching = false
      dispatch()
    })
  }

  function addAfter(key: string, ms: number): void {
    if (stopped) return
    if (!(ms > 0)) {
      add(key)
      return
    }
    const due = Date.now() + ms
    const pending = delayed.get(key)
    if (pending) {
      if (pending.due <= due) return
      clearTimeout(pending.timer)
    }
    delayed.set(key, { due, timer: setTimeout(fire, Math.min(ms, longestTimerMs), key) })
  }

  function fire(key: string): void {
    const due = delayed.get(key)?.due ?? 0
    delayed.delete(key)
    // A timer may be early by a millisecond, or be only a part of a very long wait.
    const left = due - Date.now()
    if (left > 1) addAfter(key, left)
    else add(key)
  }

  function begin(): void {
    ready = true
    dispatch()
  }
  options.ready?.then(begin, (error: unknown) => onError('', error))

  return {
    add,
    addAfter,
    idle,
    stop() {
      stopped = true
      waiting.clear()
      for (const { timer } of delayed.values()) clearTimeout(timer)
      delayed.clear()
      return idle()
    },
  }
}
