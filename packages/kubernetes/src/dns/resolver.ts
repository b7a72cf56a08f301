import type { Forwarder } from './forward/forwarder.ts'
import { readAddresses } from './forward/read-addresses.ts'
import { BadQuery, isInternet, parseQuery, type Query } from './wire/query.ts'
import { type Answer, type DnsRecord, type Name, recordType, responseCode } from './wire/record.ts'
import { classicUdpSize, ednsUdpSize, encodeError, encodeResponse } from './wire/response.ts'
import type { Alias, ClusterZone } from './zone/cluster-zone.ts'
import type { Hosts } from './zone/hosts.ts'
import type { Reverse } from './zone/reverse.ts'

export interface ResolverOptions {
  zone: ClusterZone
  hosts: Hosts
  reverse: Reverse
  forwarder: Forwarder
  /** Told of each answer's code. */
  onAnswer?: (query: Query, code: number) => void
}

/** Aliases that lead to aliases are followed this far. */
const longestChain = 8
const largestMessage = 65_535
/** Fragments of larger ones may get lost on their way, even on one machine. */
const largestUdp = 4_096

/** Turns a client's message into the answer, from the cluster's names or from elsewhere. */
export class Resolver {
  readonly #options: ResolverOptions

  constructor(options: ResolverOptions) {
    this.#options = options
  }

  /** `undefined` for what is not to be answered. */
  async answer(message: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    let query: Query | undefined
    try {
      query = parseQuery(message)
    } catch (error) {
      if (error instanceof BadQuery) return encodeError(error.id, responseCode.formatError)
      throw error
    }
    if (!query) return undefined
    const limit = transport === 'tcp' ? largestMessage : udpLimit(query)
    const response = await this.#respond(query, limit)
    if (response) this.#options.onAnswer?.(query, response.readUInt8(3) & 0xf)
    return response
  }

  async #respond(query: Query, limit: number): Promise<Buffer | undefined> {
    const refused = refusalOf(query)
    if (refused !== undefined) return encodeResponse(query, failure(refused), limit)
    if (this.#options.forwarder.guard.isEcho(query.name)) return undefined
    const own = this.#own(query.name, query.type)
    if (own && 'alias' in own) return encodeResponse(query, await this.#follow(own, query), limit)
    if (own) return encodeResponse(query, own, limit)
    const answer = await this.#options.forwarder.ask(query)
    if (!answer) return encodeResponse(query, failure(responseCode.serverFailure), limit)
    return answer.length <= limit ? answer : truncated(query, answer)
  }

  #own(name: Name, type: number): Answer | Alias | undefined {
    const { hosts, zone, reverse } = this.#options
    return hosts.answer(name, type) ?? zone.answer(name, type) ?? reverse(name, type)
  }

  /** The alias and what it stands for. */
  async #follow({ alias }: Alias, query: Query): Promise<Answer> {
    const answers: DnsRecord[] = [alias]
    let { target } = alias
    for (let hop = 0; hop < longestChain; hop++) {
      const own = this.#own(target, query.type)
      if (!own) return this.#followOutside(answers, target, query)
      if (!('alias' in own)) return { ...own, answers: [...answers, ...own.answers] }
      answers.push(own.alias)
      target = own.alias.target
    }
    return failure(responseCode.serverFailure)
  }

  async #followOutside(answers: DnsRecord[], target: Name, query: Query): Promise<Answer> {
    const question = encodeQuestion(target, query.type)
    const message = await this.#options.forwarder.ask({ ...query, name: target, question })
    if (!message) return failure(responseCode.serverFailure)
    const code = message.readUInt8(3) & 0xf
    return { code, authoritative: true, answers: [...answers, ...readAddresses(message)] }
  }
}

/** Code of what is not answered whatever is asked. */
function refusalOf(query: Query): number | undefined {
  if (query.opcode !== 0) return responseCode.notImplemented
  if (query.edns && query.edns.version > 0) return responseCode.badVersion
  const isTransfer = query.type === 251 || query.type === 252
  if (!isInternet(query) || isTransfer || query.type === recordType.OPT) return responseCode.refused
  return undefined
}

function failure(code: number): Answer {
  return { code, authoritative: false, answers: [] }
}

function udpLimit({ edns }: Query): number {
  return edns ? Math.min(Math.max(edns.udpSize, classicUdpSize), largestUdp) : classicUdpSize
}

/** Header and question alone, with the sign to come again over TCP. */
function truncated(query: Query, answer: Buffer): Buffer {
  const empty = encodeResponse(query, failure(answer.readUInt8(3) & 0xf), ednsUdpSize)
  empty.writeUInt8(empty.readUInt8(2) | 0x02, 2)
  return empty
}

function encodeQuestion(name: Name, type: number): Buffer {
  const labels = name.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]))
  return Buffer.concat([...labels, Buffer.of(0, type >> 8, type & 0xff, 0, 1)])
}
