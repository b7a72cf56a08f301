import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ApiError } from '../../api/api-error.ts'
import { acceptPortForward } from '../port-forward/accept-port-forward.ts'
import { acceptRemoteCommand } from '../remote-command/accept-remote-command.ts'
import type { CommandResult } from '../remote-command/command-status.ts'
import { streamsOf, type TerminalSize } from '../remote-command/protocol.ts'
import { isTunnel, tunnelWebSocket } from '../websocket/tunnel-web-socket.ts'
import { podDocuments } from './pod-documents.ts'

export interface CommandServer {
  url: string
  /** Sizes that terminals told. */
  sizes: TerminalSize[]
  /** Set while a command runs; resolves with how its client ended. */
  gone: Promise<void>[]
  upgrades: string[]
  close(): Promise<void>
}

/**
 * A stand-in for an API server with one pod `p`: exec runs the command on this machine, port-forward connects to this
 * machine's ports, everything else about the pod is made up.
 */
export async function startCommandServer(): Promise<CommandServer> {
  const sizes: TerminalSize[] = []
  const gone: Promise<void>[] = []
  const upgrades: string[] = []
  const server: Server = createServer((request, response) => {
    const body = podDocuments[new URL(request.url ?? '/', 'http://localhost').pathname]
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? new ApiError('NotFound', 'not found').toStatus()))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrades.push(request.headers.upgrade ?? '')
    void serve(request, socket, head)
  })

  async function serve(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (isTunnel(request)) {
      const target = new URL(request.url ?? '/', base)
      await tunnelWebSocket(request, socket, head, { url: target })
    } else if (url.pathname.endsWith('/portforward')) {
      await acceptPortForward(request, socket, head, async (port, stream) => {
        const connection = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
        await once(connection, 'connect')
        await Promise.all([pipeline(stream, connection), pipeline(connection, stream)])
      })
    } else await runCommand(request, socket, head, url.searchParams)
  }

  async function runCommand(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    query: URLSearchParams,
  ): Promise<void> {
    const session = await acceptRemoteCommand(request, socket, head, streamsOf(query))
    if (!session) return
    gone.push(
      new Promise((resolve) => session.gone.addEventListener('abort', () => resolve(), { once: true })),
    )
    const [program = '', ...args] = query.getAll('command')
    if (program === 'wait-for-size') {
      for await (const size of session.resize ?? []) {
        sizes.push(size)
        await session.finish({ exitCode: 0 })
        return
      }
    }
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.on('error', () => {})
    if (session.stdin) session.stdin.pipe(child.stdin)
    else child.stdin.end()
    if (session.stdout) child.stdout.pipe(session.stdout, { end: false })
    if (session.stderr) child.stderr.pipe(session.stderr, { end: false })
    session.gone.addEventListener('abort', () => child.kill('SIGKILL'))
    const result = await new Promise<CommandResult>((resolve) => {
      child.once('error', (error) => resolve({ error: new ApiError('InternalError', error.message) }))
      child.once('close', (code) => resolve({ exitCode: code ?? 137 }))
    })
    await session.finish(result)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  return {
    url: base,
    sizes,
    gone,
    upgrades,
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
