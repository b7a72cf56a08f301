import type { Logger } from '../log.ts'
import { forgetStaleFlows, type UdpFrontend } from './conntrack.ts'

/** Where UDP clients are led, by owner; remembers whether flows may have become wrong. */
export class UdpFlows {
  readonly #log: Logger
  readonly #frontends = new Map<string, readonly UdpFrontend[]>()
  #toCheck = false

  constructor(log: Logger) {
    this.#log = log
  }

  /** Flows have to be looked at when an endpoint has gone, or the first ones have come. */
  set(owner: string, after: readonly UdpFrontend[]): void {
    const before = this.#frontends.get(owner) ?? []
    if (after.length > 0) this.#frontends.set(owner, after)
    else this.#frontends.delete(owner)
    this.#toCheck ||= after.some(({ ip, port, endpoints }) => {
      const known = before.find((other) => other.ip === ip && other.port === port)?.endpoints
      // While nobody serves, there is nowhere better to lead a flow to.
      if (endpoints.size === 0) return false
      return !known?.size || [...known].some((endpoint) => !endpoints.has(endpoint))
    })
  }

  /** To be called when the rules are in place. */
  async check(): Promise<void> {
    if (!this.#toCheck) return
    this.#toCheck = false
    const frontends = [...this.#frontends.values()].flat().filter(({ endpoints }) => endpoints.size > 0)
    try {
      if (!(await forgetStaleFlows(frontends))) {
        this.#log.info('no conntrack program: UDP clients may stay with endpoints that are gone')
      }
    } catch (error) {
      this.#log.warn('stale UDP flows not forgotten', { error })
    }
  }
}
