import type { Duplex } from 'node:stream'
import { CriError } from '../cri-error.ts'
import type { CriHandlers } from '../serve.ts'
import type { Containers } from './containers.ts'
import type { Engine } from './engine.ts'
import type { Events } from './events.ts'
import { OutputFrames } from './output-frames.ts'

export interface ExecCommand {
  containerId: string
  cmd: string[]
  tty: boolean
  stdin: boolean
}

export interface RunningExec {
  id: string
  /** Input as it is; output in frames, or as it is with a terminal. */
  socket: Duplex
  exitCode: Promise<number>
  kill(): Promise<void>
}

/** Runs commands in containers. */
export class Execs {
  readonly #engine: Engine
  readonly #containers: Containers
  readonly #events: Events

  constructor(engine: Engine, containers: Containers, events: Events) {
    this.#engine = engine
    this.#containers = containers
    this.#events = events
  }

  handlers(): CriHandlers {
    return {
      execSync: async ({ containerId, cmd, timeout }, signal) => {
        const running = await this.start({ containerId, cmd, tty: false, stdin: false })
        const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
        const frames = new OutputFrames((stream, bytes) => output[stream].push(bytes))
        const over = Promise.withResolvers<never>()
        const fail = (): void =>
          over.reject(new CriError('DeadlineExceeded', `timeout ${timeout}s exceeded`, 'ExecSync'))
        const timer = timeout > 0 ? setTimeout(fail, timeout * 1000) : undefined
        const leave = (): void => over.reject(signal.reason)
        signal.addEventListener('abort', leave)
        const read = async (): Promise<number> => {
          for await (const chunk of running.socket) frames.push(chunk as Buffer)
          return running.exitCode
        }
        try {
          const exitCode = await Promise.race([read(), over.promise])
          return { stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr), exitCode }
        } catch (error) {
          await running.kill()
          throw error
        } finally {
          clearTimeout(timer)
          signal.removeEventListener('abort', leave)
          running.socket.destroy()
        }
      },
    }
  }

  async start({ containerId, cmd, tty, stdin }: ExecCommand): Promise<RunningExec> {
    const { Id: container, State } = await this.#containers.inspect(containerId)
    if (State.Pid === 0) throw new CriError('Unknown', `container ${containerId} is not running`, 'Exec')
    const { Id: id } = await this.#engine.json<{ Id: string }>(`/containers/${container}/exec`, {
      method: 'POST',
      body: { Cmd: cmd, Tty: tty, AttachStdin: stdin, AttachStdout: true, AttachStderr: !tty },
    })
    const ended = Promise.withResolvers<number>()
    const stop = this.#events.listen(({ Action, Actor }) => {
      if (Action !== 'exec_die' || Actor.Attributes.execID !== id) return
      stop()
      ended.resolve(Number(Actor.Attributes.exitCode))
    })
    void this.#events.ended.then(() =>
      ended.reject(new CriError('Unavailable', 'the container engine has ended', 'Exec')),
    )
    ended.promise.catch(() => {})
    try {
      const socket = await this.#engine.hijack(`/exec/${id}/start`, { body: { Tty: tty } })
      return { id, socket, exitCode: ended.promise, kill: () => this.#kill(id) }
    } catch (error) {
      stop()
      throw error
    }
  }

  /** The engine has no word for it: the process is one of this machine. */
  async #kill(id: string): Promise<void> {
    const { Running, Pid } = await this.#engine.json<{ Running: boolean; Pid: number }>(`/exec/${id}/json`)
    try {
      if (Running && Pid > 0) process.kill(Pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
