import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { CriHandlers } from '@minikube-ts/cri/serve.ts'
import type { CommandStreams, StreamTarget } from '@minikube-ts/cri/stream-target.ts'
import { ApiError } from '../../api/api-error.ts'
import { http } from '../../node-http.ts'
import { acceptPortForward } from '../port-forward/accept-port-forward.ts'
import { acceptRemoteCommand } from '../remote-command/accept-remote-command.ts'
import type { CommandResult } from '../remote-command/command-status.ts'
import type { RemoteCommandStreams } from '../remote-command/protocol.ts'
import { writeHttpError } from '../upgrade/write-http.ts'

/** How long a URL is good when nobody comes for it; upstream's number. */
const lifetimeMs = 60_000

type Serve = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>

/**
 * The part of a container runtime that CRI's exec, attach and portForward point to: URLs on the loopback device, each good
 * for one connection.
 */
export class StreamingServer {
  readonly #target: StreamTarget
  readonly #server: Server
  readonly #sockets = new Set<Duplex>()
  readonly #awaited = new Map<string, { serve: Serve; timer: NodeJS.Timeout }>()

  private constructor(target: StreamTarget) {
    this.#target = target
    this.#server = http.createServer((_request, response) => response.writeHead(404).end())
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
      const awaited = this.#take(request.url?.split(/[/?]/)[1] ?? '')
      if (awaited) awaited(request, socket, head).catch(() => socket.destroy())
      else writeHttpError(socket, 404, 'there is nothing here, or somebody has come for it')
    })
  }

  static async listen(target: StreamTarget): Promise<StreamingServer> {
    const streaming = new StreamingServer(target)
    streaming.#server.listen(0, '127.0.0.1')
    await once(streaming.#server, 'listening')
    return streaming
  }

  handlers(): Pick<CriHandlers, 'exec' | 'attach' | 'portForward'> {
    return {
      exec: async (request) =>
        this.#promise((message, socket, head) =>
          command(message, socket, head, request, async (streams) => ({
            exitCode: await this.#target.exec(request, streams),
          })),
        ),
      attach: async (request) =>
        this.#promise((message, socket, head) =>
          command(message, socket, head, request, async (streams) => {
            await this.#target.attach(request, streams)
            return { exitCode: 0 }
          }),
        ),
      portForward: async ({ podSandboxId }) =>
        this.#promise((message, socket, head) =>
          acceptPortForward(message, socket, head, (port, connection) =>
            this.#target.forward(podSandboxId, port, connection),
          ),
        ),
    }
  }

  /** Breaks off what runs. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    for (const id of this.#awaited.keys()) this.#take(id)
    this.#server.close()
    this.#server.closeAllConnections()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #promise(serve: Serve): { url: string } {
    const id = randomBytes(16).toString('base64url')
    this.#awaited.set(id, { serve, timer: setTimeout(() => this.#take(id), lifetimeMs).unref() })
    const { port } = this.#server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}/${id}` }
  }

  #take(id: string): Serve | undefined {
    const awaited = this.#awaited.get(id)
    this.#awaited.delete(id)
    clearTimeout(awaited?.timer)
    return awaited?.serve
  }
}

async function command(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { stdin, stdout, stderr, tty }: RemoteCommandStreams,
  run: (streams: CommandStreams) => Promise<CommandResult>,
): Promise<void> {
  const session = await acceptRemoteCommand(message, socket, head, {
    stdin,
    stdout,
    stderr: stderr && !tty,
    tty,
  })
  if (!session) return
  const result = await run(session).catch(
    (error: Error): CommandResult => ({ error: new ApiError('InternalError', error.message) }),
  )
  await session.finish(result)
}
