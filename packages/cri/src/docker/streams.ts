import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Duplex, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { CriError } from '../cri-error.ts'
import type { AttachRequest, ExecRequest } from '../generated/runtime-v1.ts'
import type { CommandStreams, StreamTarget } from '../stream-target.ts'
import type { Containers } from './containers.ts'
import type { Engine } from './engine.ts'
import type { Execs } from './exec.ts'
import { OutputFrames } from './output-frames.ts'
import type { Sandboxes } from './sandboxes.ts'

export interface DockerStreamsOptions {
  engine: Engine
  containers: Containers
  sandboxes: Sandboxes
  execs: Execs
}

/** Run in the pod's network namespace: connects its own input and output to a port. */
const connector = `const s = require('node:net').connect({ port: +process.argv[1], host: 'localhost', allowHalfOpen: true })
s.on('error', (e) => { process.stderr.write(e.message); process.exit(1) })
s.on('connect', () => { process.stdin.pipe(s); s.pipe(process.stdout); s.on('end', () => process.stdin.unpipe(s) && s.end(() => process.exit())) })`

/** exec, attach and port-forward with somebody at the other end. */
export class DockerStreams implements StreamTarget {
  readonly #options: DockerStreamsOptions

  constructor(options: DockerStreamsOptions) {
    this.#options = options
  }

  async exec({ containerId, cmd, tty, stdin }: ExecRequest, streams: CommandStreams): Promise<number> {
    const { engine, execs } = this.#options
    const running = await execs.start({ containerId, cmd, tty, stdin })
    void resize(streams, (query) => engine.json(`/exec/${running.id}/resize`, { method: 'POST', query }))
    await carry(running.socket, tty, streams)
    return running.exitCode
  }

  async attach({ containerId, stdin }: AttachRequest, streams: CommandStreams): Promise<void> {
    const { engine, containers } = this.#options
    const { Id, Config, State } = await containers.inspect(containerId)
    if (State.Pid === 0) throw new CriError('Unknown', `container ${containerId} is not running`, 'Attach')
    const socket = await engine.hijack(`/containers/${Id}/attach`, {
      query: { stream: 1, stdin: Number(stdin), stdout: 1, stderr: 1 },
    })
    void resize(streams, (query) => engine.json(`/containers/${Id}/resize`, { method: 'POST', query }))
    await carry(socket, Config.Tty, streams)
  }

  async forward(podSandboxId: string, port: number, connection: Duplex): Promise<void> {
    const pid = await this.#options.sandboxes.pidOf(podSandboxId)
    const child = spawn('nsenter', ['-t', String(pid), '-n', process.execPath, '-e', connector, String(port)])
    const errors = text(child.stderr)
    const ended = once(child, 'close')
    // Whoever ends first ends the other; how it went is told by the process.
    const copied = Promise.allSettled([pipeline(connection, child.stdin), pipeline(child.stdout, connection)])
    connection.once('close', () => child.kill())
    const [code] = (await ended) as [number | null]
    if (code)
      throw new CriError('Unknown', `failed to connect to port ${port}: ${await errors}`, 'PortForward')
    await copied
  }
}

async function carry(socket: Duplex, tty: boolean, streams: CommandStreams): Promise<void> {
  const { stdin, stdout, stderr, gone } = streams
  const leave = (): void => void socket.destroy()
  gone.addEventListener('abort', leave)
  if (gone.aborted) leave()
  // Its errors are the reader's, below.
  socket.on('error', () => {})
  stdin?.on('error', () => {})
  stdin?.pipe(socket)
  let pieces: [Writable | undefined, Buffer][] = []
  const frames = new OutputFrames((stream, bytes) =>
    pieces.push([stream === 'stdout' ? stdout : stderr, bytes]),
  )
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      if (tty) pieces.push([stdout, chunk as Buffer])
      else frames.push(chunk as Buffer)
      for (const [output, bytes] of pieces) {
        if (output && !output.write(bytes)) await once(output, 'drain', { signal: gone })
      }
      pieces = []
    }
  } finally {
    gone.removeEventListener('abort', leave)
    stdin?.unpipe(socket)
    socket.destroy()
  }
}

async function resize(
  { resize: sizes }: CommandStreams,
  tell: (query: { w: number; h: number }) => Promise<unknown>,
): Promise<void> {
  try {
    for await (const { width, height } of sizes ?? []) await tell({ w: width, h: height })
  } catch {
    // The command has ended.
  }
}
