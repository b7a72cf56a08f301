import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { TLSSocket } from 'node:tls'
import { acceptPortForward } from '../../streaming/port-forward/accept-port-forward.ts'
import { acceptRemoteCommand } from '../../streaming/remote-command/accept-remote-command.ts'
import type { CommandResult } from '../../streaming/remote-command/command-status.ts'
import { streamsOf } from '../../streaming/remote-command/protocol.ts'
import { issue, type TestCertificate } from '../auth/testing/certificates.ts'

export interface FakeKubelet {
  port: number
  /** URLs that were asked for, with the client certificate's name. */
  asked: { url: string; by: string }[]
  close(): Promise<void>
}

/** The server of a kubelet that has one pod, whose containers are this machine. Answers who shows a certificate of `ca` only. */
export async function startFakeKubelet(
  ca: TestCertificate,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<FakeKubelet> {
  const asked: FakeKubelet['asked'] = []
  const { pem, keyPem } = issue('system:node:n', [], ca, { server: ['127.0.0.1'] })
  const server = createServer({
    cert: pem,
    key: keyPem,
    ca: ca.pem,
    requestCert: true,
    rejectUnauthorized: true,
  })
  const note = (request: IncomingMessage): void => {
    const by = (request.socket as TLSSocket).getPeerCertificate().subject.CN
    asked.push({ url: request.url ?? '', by: String(by) })
  }
  server.on('request', (request, response) => {
    note(request)
    answer(request, response)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    note(request)
    const url = new URL(request.url ?? '/', 'https://kubelet')
    if (url.pathname.startsWith('/portForward/')) void forward(request, socket, head)
    else void command(request, socket, head, url.searchParams)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function forward(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  await acceptPortForward(request, socket, head, async (port, stream) => {
    const connection = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await once(connection, 'connect')
    await Promise.all([pipeline(stream, connection), pipeline(connection, stream)])
  })
}

async function command(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  query: URLSearchParams,
): Promise<void> {
  const session = await acceptRemoteCommand(request, socket, head, streamsOf(query))
  if (!session) return
  const [program = 'cat', ...args] = query.getAll('command')
  const child = spawn(program, args)
  if (session.stdin) session.stdin.pipe(child.stdin)
  else child.stdin.end()
  if (session.stdout) child.stdout.pipe(session.stdout, { end: false })
  if (session.stderr) child.stderr.pipe(session.stderr, { end: false })
  const result = await new Promise<CommandResult>((resolve) => {
    child.once('close', (code) => resolve({ exitCode: code ?? 137 }))
  })
  await session.finish(result)
}
