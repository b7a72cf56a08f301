import { isSidecar, type NodePod } from '../pods/node-pod.ts'

/** Sidecars end after the main containers, and in the reverse order of their start. */
export class TerminationOrder {
  private readonly ended = new Map<string, PromiseWithResolvers<void>>()
  private readonly before = new Map<string, Promise<void>[]>()

  constructor(pod: NodePod, running: Iterable<string>) {
    const names = new Set(running)
    const main: Promise<void>[] = []
    for (const { name } of pod.spec.containers) main.push(this.track(name, names))
    let previous: Promise<void> | undefined
    for (const container of [...(pod.spec.initContainers ?? [])].reverse()) {
      const end = this.track(container.name, names)
      if (!isSidecar(container)) continue
      this.before.set(container.name, previous ? [...main, previous] : main)
      previous = end
    }
  }

  private track(name: string, running: Set<string>): Promise<void> {
    const end = Promise.withResolvers<void>()
    this.ended.set(name, end)
    if (!running.has(name)) end.resolve()
    return end.promise
  }

  /** Waits until those before it have ended, at most `seconds`; resolves to the whole seconds that took. */
  async turn(name: string, seconds: number): Promise<number> {
    const prerequisites = this.before.get(name)
    if (!prerequisites) return 0
    const began = performance.now()
    const limit = Promise.withResolvers<void>()
    const timer = setTimeout(limit.resolve, seconds * 1000)
    await Promise.race([Promise.all(prerequisites), limit.promise])
    clearTimeout(timer)
    return Math.floor((performance.now() - began) / 1000)
  }

  hasEnded(name: string): void {
    this.ended.get(name)?.resolve()
  }
}
