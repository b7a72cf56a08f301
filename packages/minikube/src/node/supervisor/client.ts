import type { Duplex } from 'node:stream'
import { MinikubeError } from '../../error.ts'
import type { Node } from '../node.ts'
import type { ServiceStatus, SupervisorConfig, SupervisorReply, SupervisorRequest } from './protocol.ts'

export interface SupervisorStatus {
  pid: number
  services: ServiceStatus[]
  config: SupervisorConfig
}

/** Speaks to a node's supervisor. */
export class SupervisorClient {
  readonly #node: Node
  readonly #socket: string

  constructor(node: Node, socket: string) {
    this.#node = node
    this.#socket = socket
  }

  /** Undefined when no supervisor runs. */
  async status(): Promise<SupervisorStatus | undefined> {
    const connection = await this.#connect()
    if (!connection) return undefined
    const reply = await this.#ask(connection, { op: 'status' })
    if (!('services' in reply)) throw unexpected(reply)
    return reply
  }

  async apply(config: SupervisorConfig): Promise<void> {
    await this.#request({ op: 'apply', config })
  }

  async restart(service: string): Promise<void> {
    await this.#request({ op: 'restart', service })
  }

  async pause(services: string[]): Promise<void> {
    await this.#request({ op: 'pause', services })
  }

  async unpause(services: string[]): Promise<void> {
    await this.#request({ op: 'unpause', services })
  }

  /** Stops these services, or everything and the supervisor itself; nothing when none runs. */
  async stop(services?: string[]): Promise<void> {
    const connection = await this.#connect()
    if (!connection) return
    if (services) {
      await this.#ask(connection, { op: 'stop', services })
      return
    }
    await this.#last(connection, { op: 'stop' })
  }

  /** Ends the supervisor alone. */
  async leave(): Promise<void> {
    const connection = await this.#connect()
    if (connection) await this.#last(connection, { op: 'leave' })
  }

  /** Every service's state, then each change, until the signal or the supervisor ends it. */
  async *events(signal: AbortSignal): AsyncGenerator<ServiceStatus> {
    const connection = await this.#connect()
    if (!connection) throw notRunning()
    const stop = (): void => void connection.destroy()
    signal.addEventListener('abort', stop, { once: true })
    try {
      connection.write(`${JSON.stringify({ op: 'events' } satisfies SupervisorRequest)}\n`)
      for await (const reply of replies(connection)) if ('service' in reply) yield reply.service
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', stop)
      connection.destroy()
    }
    signal.throwIfAborted()
  }

  /** It hangs up when its process ends. */
  async #last(connection: Duplex, request: SupervisorRequest): Promise<void> {
    connection.write(`${JSON.stringify(request)}\n`)
    for await (const reply of replies(connection))
      if ('error' in reply) throw refused(request.op, reply.error)
  }

  async #request(request: SupervisorRequest): Promise<void> {
    const connection = await this.#connect()
    if (!connection) throw notRunning()
    await this.#ask(connection, request)
  }

  async #connect(): Promise<Duplex | undefined> {
    return await this.#node.connect(`unix:${this.#socket}`).catch(() => undefined)
  }

  async #ask(connection: Duplex, request: SupervisorRequest): Promise<SupervisorReply> {
    try {
      connection.write(`${JSON.stringify(request)}\n`)
      for await (const reply of replies(connection)) {
        if ('error' in reply) throw refused(request.op, reply.error)
        return reply
      }
      throw new MinikubeError('GUEST_STATUS', `the supervisor ended while it was asked for "${request.op}"`)
    } finally {
      connection.destroy()
    }
  }
}

async function* replies(connection: Duplex): AsyncGenerator<SupervisorReply> {
  let text = ''
  for await (const chunk of connection) {
    text += chunk.toString()
    const lines = text.split('\n')
    text = lines.pop()!
    for (const line of lines) yield JSON.parse(line) as SupervisorReply
  }
}

function notRunning(): MinikubeError {
  return new MinikubeError('GUEST_NOT_RUNNING', 'the cluster does not run', {
    advice: "Start it with 'minikube start'.",
  })
}

function refused(op: string, why: string): MinikubeError {
  return new MinikubeError('GUEST_STATUS', `the supervisor refuses "${op}": ${why}`)
}

function unexpected(reply: SupervisorReply): MinikubeError {
  return new MinikubeError(
    'GUEST_STATUS',
    `the supervisor gave an unexpected answer: ${JSON.stringify(reply)}`,
  )
}
