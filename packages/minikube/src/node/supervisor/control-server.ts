import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { messageOf } from '../../error.ts'
import type { SupervisorReply, SupervisorRequest } from './protocol.ts'
import type { Supervisor } from './supervisor.ts'

/**
 * The supervisor's unix socket: a line of JSON asks, lines of JSON answer. Only root can connect. Rejects when another
 * supervisor answers there already.
 */
export async function serveControl(
  supervisor: Supervisor,
  path: string,
  shutdown: () => void,
): Promise<Server> {
  if (await answers(path)) throw new Error(`another supervisor runs at ${path}`)
  rmSync(path, { force: true })
  const server = createServer((socket) => {
    let text = ''
    socket.setEncoding('utf8')
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: string) => {
      text += chunk
      const lines = text.split('\n')
      text = lines.pop()!
      for (const line of lines) void answer(supervisor, socket, line, shutdown)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const mask = process.umask(0o177)
    server.listen(path, resolve)
    process.umask(mask)
  })
  return server
}

async function answer(
  supervisor: Supervisor,
  socket: Socket,
  line: string,
  shutdown: () => void,
): Promise<void> {
  const send = (reply: SupervisorReply): void => void socket.write(`${JSON.stringify(reply)}\n`)
  try {
    const request = JSON.parse(line) as SupervisorRequest
    switch (request.op) {
      case 'status':
        send({ pid: process.pid, services: supervisor.status(), config: supervisor.config })
        return
      case 'events': {
        for (const service of supervisor.status()) send({ service })
        const end = supervisor.subscribe((service) => send({ service }))
        socket.once('close', end)
        return
      }
      case 'apply':
        await supervisor.apply(request.config)
        break
      case 'restart':
        await supervisor.restart(request.service)
        break
      case 'pause':
        await supervisor.pause(request.services)
        break
      case 'unpause':
        await supervisor.unpause(request.services)
        break
      case 'stop':
        await supervisor.stop(request.services)
        if (request.services) break
        last(socket, shutdown)
        return
      case 'leave':
        last(socket, shutdown)
        return
      default:
        throw new Error(`there is no request ${JSON.stringify(request)}`)
    }
    send({ ok: true })
  } catch (error) {
    send({ error: messageOf(error) })
  }
}

/** The last answer; the client sees the end of the connection when this process has gone. */
function last(socket: Socket, shutdown: () => void): void {
  socket.write(`${JSON.stringify({ ok: true } satisfies SupervisorReply)}\n`, () => shutdown())
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
