import { randomInt } from 'node:crypto'
import type { Logger } from '../../log.ts'
import { headerSize, type Query } from '../wire/query.ts'
import { recordType, textOf } from '../wire/record.ts'
import { ednsUdpSize } from '../wire/response.ts'
import { exchangeTcp, exchangeUdp } from './exchange.ts'
import { LoopGuard } from './loop-guard.ts'
import { ResponseCache } from './response-cache.ts'
import type { Endpoint, Upstreams } from './upstreams.ts'

/** An upstream that answers has this long before the next one is asked too. */
const patienceMs = 1_500
/** One that has not answered lately is given less. */
const shortPatienceMs = 300
/** Clients ask again after five seconds. */
const deadlineMs = 4_000
/** While nobody has answered lately, there is little hope: better say so soon. */
const shortDeadlineMs = 1_000
/** Questions under way at most. */
const mostAtOnce = 1_000

export interface ForwarderOptions {
  upstreams: Upstreams
  log: Logger
  now: () => number
}

/**
 * Passes questions on to other name servers: to the first, and to the next when it is slow, refuses or is not there; over
 * TCP what does not fit UDP. Equal questions at the same time are asked once.
 */
export class Forwarder {
  readonly guard: LoopGuard
  readonly #upstreams: Upstreams
  readonly #cache: ResponseCache
  readonly #asking = new Map<string, Promise<Buffer | undefined>>()
  /** Upstreams that failed when they were last asked. */
  readonly #failing = new Set<string>()

  constructor({ upstreams, log, now }: ForwarderOptions) {
    this.#upstreams = upstreams
    this.#cache = new ResponseCache(now)
    this.guard = new LoopGuard(log)
  }

  /** The answer of another server with the query's id, or `undefined` when none gave one. */
  async ask(query: Query): Promise<Buffer | undefined> {
    const key = keyOf(query)
    const cached = this.#cache.get(key)
    if (cached) return withIdentity(cached, query)
    let asking = this.#asking.get(key)
    if (!asking) {
      if (this.#asking.size >= mostAtOnce) return undefined
      asking = this.#exchange(query).finally(() => this.#asking.delete(key))
      this.#asking.set(key, asking)
    }
    const message = await asking
    if (!message) return undefined
    this.#cache.put(key, message)
    return withIdentity(Buffer.from(message), query)
  }

  async #exchange(query: Query): Promise<Buffer | undefined> {
    const allowed = await this.guard.allowed(this.#upstreams.list)
    const candidates = allowed.toSorted((a, b) => Number(this.#isFailing(a)) - Number(this.#isFailing(b)))
    const patience = candidates.every((each) => this.#isFailing(each)) ? shortDeadlineMs : deadlineMs
    const stop = new AbortController()
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
    const pending = new Set<Endpoint>()
    let refusal: Buffer | undefined
    let next = 0

    const askNext = (): void => {
      const upstream = candidates[next++]
      if (!upstream) {
        if (pending.size === 0) resolve(refusal)
        return
      }
      pending.add(upstream)
      const timer = setTimeout(askNext, this.#isFailing(upstream) ? shortPatienceMs : patienceMs)
      void askOne(query, upstream, stop.signal)
        .then((message) => {
          this.#failing.delete(textOfEndpoint(upstream))
          // Another server may know what this one does not want to say.
          if (isRefusal(message)) refusal = message
          else resolve(message)
        })
        .catch(() => {
          if (!stop.signal.aborted) this.#failing.add(textOfEndpoint(upstream))
        })
        .finally(() => {
          clearTimeout(timer)
          pending.delete(upstream)
          // The next one has been asked already if this one was slow.
          if (!stop.signal.aborted && pending.size === 0) askNext()
        })
    }
    const deadline = setTimeout(() => {
      for (const upstream of pending) this.#failing.add(textOfEndpoint(upstream))
      resolve(refusal)
    }, patience)
    askNext()
    return promise.finally(() => {
      clearTimeout(deadline)
      stop.abort()
    })
  }

  #isFailing(upstream: Endpoint): boolean {
    return this.#failing.has(textOfEndpoint(upstream))
  }
}

async function askOne(query: Query, upstream: Endpoint, signal: AbortSignal): Promise<Buffer> {
  const question = encodeQuestion(query)
  const message = await exchangeUdp(question, upstream, signal)
  const truncated = (message.readUInt8(2) & 0x02) !== 0
  return truncated ? exchangeTcp(question, upstream, signal) : message
}

/** The client's question in a message of our own: a fresh id, and EDNS only if the client speaks it. */
function encodeQuestion({ question, edns, checkingDisabled }: Query): Buffer {
  const header = Buffer.alloc(headerSize)
  header.writeUInt16BE(randomInt(0x10000), 0)
  header.writeUInt16BE(0x0100 | (checkingDisabled ? 0x0010 : 0), 2)
  header.writeUInt16BE(1, 4)
  if (!edns) return Buffer.concat([header, question])
  header.writeUInt16BE(1, 10)
  const record = Buffer.alloc(11)
  record.writeUInt16BE(recordType.OPT, 1)
  record.writeUInt16BE(ednsUdpSize, 3)
  record.writeUInt16BE(edns.dnssec ? 0x8000 : 0, 7)
  return Buffer.concat([header, question, record])
}

/** Gives an answer the id and the capitals of the query that it is for. */
function withIdentity(message: Buffer, { id, question }: Query): Buffer {
  message.writeUInt16BE(id, 0)
  if (message.readUInt16BE(4) === 1 && message.length >= headerSize + question.length) {
    question.copy(message, headerSize)
  }
  return message
}

/** What makes answers differ. */
function keyOf({ name, type, class: queryClass, edns, checkingDisabled }: Query): string {
  const flags = `${edns ? 'e' : ''}${edns?.dnssec ? 'd' : ''}${checkingDisabled ? 'c' : ''}`
  return `${textOf(name).toLowerCase()}/${name.length}/${type}/${queryClass}/${flags}`
}

/** Server failure, not implemented, refused. */
function isRefusal(message: Buffer): boolean {
  const code = message.readUInt8(3) & 0xf
  return code === 2 || code === 4 || code === 5
}

function textOfEndpoint({ address, port }: Endpoint): string {
  return `${address}:${port}`
}
