import type { StartError } from '../containers/start-error.ts'

/** Why containers of pods are not running, as the last try to start them told; by pod uid and container name. */
export class StartReasons {
  private readonly pods = new Map<string, Map<string, StartError>>()

  get(uid: string, container: string): StartError | undefined {
    return this.pods.get(uid)?.get(container)
  }

  update(uid: string, starts: ReadonlyMap<string, StartError | undefined>): void {
    const reasons = this.pods.get(uid) ?? new Map<string, StartError>()
    for (const [name, failure] of starts) {
      if (failure) reasons.set(name, failure)
      else reasons.delete(name)
    }
    if (reasons.size > 0) this.pods.set(uid, reasons)
    else this.pods.delete(uid)
  }

  /** When the earliest of the pod's containers may be tried again; `undefined`: none waits. */
  retryAt(uid: string): number | undefined {
    const times = [...(this.pods.get(uid)?.values() ?? [])].map(({ retryAt }) => retryAt)
    const known = times.filter((time) => time !== undefined)
    return known.length > 0 ? Math.min(...known) : undefined
  }

  forget(uid: string): void {
    this.pods.delete(uid)
  }
}
