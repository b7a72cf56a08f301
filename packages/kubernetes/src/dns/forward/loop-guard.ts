import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import type { Logger } from '../../log.ts'
import { headerSize } from '../wire/query.ts'
import type { Name } from '../wire/record.ts'
import { exchangeUdp } from './exchange.ts'
import type { Endpoint } from './upstreams.ts'

/** A resolver that sends our question back to us does so at once. */
const probeMs = 1_000

/**
 * Keeps questions from going round in circles. A name server on this very machine (systemd-resolved, dnsmasq) is a good
 * one to ask, unless it has been told to ask us: so it gets a question that only we can know, and if we hear it, the
 * server is not used.
 */
export class LoopGuard {
  readonly #log: Logger
  /** Probes under way, by the name that is asked for. */
  readonly #probes = new Map<string, () => void>()
  /** The last list that was looked at, and what is left of it. */
  #checked: { list: readonly Endpoint[]; allowed: Promise<readonly Endpoint[]> } | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** Whether the question is one of our own that has come back; it is not to be answered. */
  isEcho(name: Name): boolean {
    const heard = this.#probes.get(name.join('.').toLowerCase())
    heard?.()
    return heard !== undefined
  }

  /** Those of the upstreams that do not lead back here. */
  allowed(list: readonly Endpoint[]): Promise<readonly Endpoint[]> {
    if (this.#checked?.list !== list) this.#checked = { list, allowed: this.#check(list) }
    return this.#checked.allowed
  }

  async #check(list: readonly Endpoint[]): Promise<readonly Endpoint[]> {
    const local = localAddresses()
    const loops = await Promise.all(
      list.map(async (upstream) => {
        if (!isLoopback(upstream.address) && !local.has(upstream.address)) return false
        const loop = await this.#comesBack(upstream)
        if (loop) this.#log.warn('name server leads back to this one and is not used', { ...upstream })
        return loop
      }),
    )
    return list.filter((_, index) => !loops[index])
  }

  async #comesBack(upstream: Endpoint): Promise<boolean> {
    // Below no domain that a resolver could know to be somebody's.
    const name = `${randomBytes(8).toString('hex')}.${randomBytes(8).toString('hex')}`
    const signal = AbortSignal.timeout(probeMs)
    const { promise: heard, resolve } = Promise.withResolvers<boolean>()
    this.#probes.set(name, () => resolve(true))
    const answered = exchangeUdp(probe(name), upstream, signal).then(
      () => false,
      () => false,
    )
    try {
      return await Promise.race([heard, answered])
    } finally {
      this.#probes.delete(name)
    }
  }
}

/** Asks for the HINFO record of a name: a type that nobody asks us for otherwise. */
function probe(name: string): Buffer {
  const header = Buffer.alloc(headerSize)
  randomBytes(2).copy(header)
  header.writeUInt16BE(0x0100, 2)
  header.writeUInt16BE(1, 4)
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]))
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, 13, 0, 1)])
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

function localAddresses(): Set<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
  )
}
