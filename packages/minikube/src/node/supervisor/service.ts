import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { join } from 'node:path'
import type { Logger } from '@minikube-ts/kubernetes/log.ts'
import { messageOf } from '../../error.ts'
import type { ServiceSpec } from '../../runtimes/runtime.ts'
import { identityOf, isAlive, type ProcessIdentity } from './process-table.ts'
import type { ServiceState, ServiceStatus } from './protocol.ts'
import { waitForLog } from './wait-for-log.ts'
import { waitForSocket } from './wait-for-socket.ts'

/** First pause before a restart, doubled each time up to the longest; a process that lived this long starts afresh. */
const firstBackoff = 100
const longestBackoff = 10_000
const healthyAfter = 10_000
const defaultStopTimeout = 10_000
/** Another version may word its log otherwise: a socket that accepts is enough after this long. */
const logPatience = 10_000

export interface ServiceFiles {
  log: string
  /** FIFO that the process keeps open as long as it lives, and writes a line to when it is ready. Made already. */
  notify: string
}

/**
 * One process that is kept running. It gets its log file and its FIFO by inheritance, so nothing of it hangs on the
 * supervisor: when that dies, the process runs on, and a later supervisor adopts it.
 */
export class Service {
  readonly spec: ServiceSpec
  readonly #files: ServiceFiles
  readonly #log: Logger
  readonly #changed: (service: Service) => void
  #state: ServiceState = 'waiting'
  #identity: ProcessIdentity | undefined
  #restarts = 0
  #message: string | undefined
  #startedAt = 0
  #backoff = 0
  #timer: NodeJS.Timeout | undefined
  #wanted = false
  /** Ends what belongs to the present process: readiness and death watches. */
  #life = new AbortController()
  #gone: Promise<void> = Promise.resolve()

  constructor(spec: ServiceSpec, files: ServiceFiles, log: Logger, changed: (service: Service) => void) {
    this.spec = spec
    this.#files = files
    this.#log = log.child(spec.name)
    this.#changed = changed
  }

  get state(): ServiceState {
    return this.#state
  }

  get identity(): ProcessIdentity | undefined {
    return this.#identity
  }

  status(): ServiceStatus {
    return {
      name: this.spec.name,
      state: this.#state,
      restarts: this.#restarts,
      ...(this.#identity && { pid: this.#identity.pid }),
      ...(this.#message !== undefined && { message: this.#message }),
    }
  }

  /** A stopped service waits again for those that it comes after. */
  rearm(): void {
    if (this.#state === 'stopped') this.#enter('waiting')
  }

  /** Starts the process unless it runs. */
  start(): void {
    this.#wanted = true
    if (this.#state === 'waiting' || this.#state === 'stopped') this.#spawn()
  }

  /** Takes over a process that an earlier supervisor started. */
  adopt(identity: ProcessIdentity, state: 'starting' | 'ready' | 'paused'): void {
    this.#wanted = true
    this.#life = new AbortController()
    this.#identity = identity
    this.#startedAt = performance.now()
    this.#log.info('adopted', { pid: identity.pid })
    const { signal } = this.#life
    const ended = 'socket' in asObject(this.spec.ready) ? this.#watchSocket(signal) : this.#watchFifo(signal)
    this.#gone = ended.then(() => this.#onExit('it ended while it was not our child'))
    if (state === 'starting') this.#awaitReady(signal)
    this.#enter(state)
  }

  /** SIGTERM, and SIGKILL when that is not heeded in time. Resolves when the process has gone. */
  async stop(): Promise<void> {
    this.#wanted = false
    clearTimeout(this.#timer)
    const identity = this.#identity
    if (!identity) {
      this.#enter('stopped')
      return
    }
    const paused = this.#state === 'paused'
    this.#enter('stopping')
    signalProcess(identity, 'SIGTERM')
    if (paused) signalProcess(identity, 'SIGCONT')
    const patience = this.spec.stopTimeout ?? defaultStopTimeout
    const timer = setTimeout(() => {
      this.#log.warn('does not end on SIGTERM, is killed', { pid: identity.pid, after: patience })
      signalProcess(identity, 'SIGKILL')
    }, patience)
    await this.#gone
    clearTimeout(timer)
  }

  async restart(): Promise<void> {
    await this.stop()
    this.#backoff = 0
    this.start()
  }

  pause(): void {
    if (this.#state !== 'ready' || !this.#identity) return
    signalProcess(this.#identity, 'SIGSTOP')
    this.#enter('paused')
  }

  unpause(): void {
    if (this.#state !== 'paused' || !this.#identity) return
    signalProcess(this.#identity, 'SIGCONT')
    this.#enter('ready')
  }

  #spawn(): void {
    const { argv, env, cwd, ready } = this.spec
    this.#life = new AbortController()
    const { signal } = this.#life
    const log = openSync(this.#files.log, 'a', 0o640)
    const logStart = fstatSync(log).size
    const notify = ready !== 'started' && 'socket' in ready ? undefined : openFifo(this.#files.notify)
    let child: ChildProcess
    try {
      child = spawn(argv[0]!, argv.slice(1), {
        cwd: cwd ?? '/',
        env: { ...process.env, ...env, ...(notify && { NOTIFY_FD: '3' }) },
        stdio: ['ignore', log, log, ...(notify ? [notify.writeEnd] : [])],
        // Its own session: a signal to our terminal or group does not reach it.
        detached: true,
      })
    } finally {
      closeSync(log)
      if (notify) closeSync(notify.writeEnd)
    }
    this.#startedAt = performance.now()
    this.#gone = new Promise((resolve) => {
      child.once('error', (error) => {
        if (child.pid === undefined) resolve(this.#onExit(`it cannot be started: ${error.message}`))
      })
      child.once('exit', (code, killedBy) => {
        resolve(this.#onExit(killedBy ? `it was ended by ${killedBy}` : `it exited with code ${code}`))
      })
    })
    this.#identity = child.pid === undefined ? undefined : identityOf(child.pid)
    if (!this.#identity) {
      notify?.reader.destroy()
      return
    }
    this.#enter('starting')
    if (notify) this.#readNotify(notify.reader, signal)
    else this.#awaitReady(signal, logStart)
    if (ready === 'started') this.#enter('ready')
  }

  /** Readiness of a process that is told by its socket; `logStart`: where in its log this process's own lines begin. */
  #awaitReady(signal: AbortSignal, logStart?: number): void {
    const ready = asObject(this.spec.ready)
    if (!('socket' in ready)) return
    const said =
      ready.log === undefined || logStart === undefined
        ? undefined
        : waitForLog(
            this.#files.log,
            logStart,
            ready.log,
            AbortSignal.any([signal, AbortSignal.timeout(logPatience)]),
          )
    waitForSocket(ready.socket, signal)
      .then(async (socket) => {
        socket.destroy()
        await said?.catch(() =>
          this.#log.warn('accepts, but has not said that it is ready', { awaited: ready.log }),
        )
        this.#becameReady(signal)
      })
      .catch((error: unknown) => {
        if (!signal.aborted) this.#log.error('readiness cannot be watched', { error: messageOf(error) })
      })
    said?.catch(() => {})
  }

  #readNotify(reader: Socket, signal: AbortSignal): void {
    signal.addEventListener('abort', () => reader.destroy(), { once: true })
    reader.on('data', (chunk: Buffer) => {
      if (chunk.includes(10)) this.#becameReady(signal)
    })
    reader.on('error', () => reader.destroy())
  }

  #becameReady(signal: AbortSignal): void {
    if (signal.aborted || this.#state !== 'starting') return
    this.#message = undefined
    this.#enter('ready')
  }

  /** Resolves when an adopted process has closed its end of the FIFO, that is, when it has ended. */
  #watchFifo(signal: AbortSignal): Promise<void> {
    const { reader, writeEnd } = openFifo(this.#files.notify)
    closeSync(writeEnd)
    this.#readNotify(reader, signal)
    return new Promise((resolve) => reader.once('close', () => resolve()))
  }

  /** Resolves when nobody listens at an adopted process's socket any more: a connection is held and renewed. */
  #watchSocket(signal: AbortSignal): Promise<void> {
    const { socket: path } = asObject(this.spec.ready) as { socket: string }
    return new Promise((resolve) => {
      const hold = (): void => {
        const socket = connect({ path })
        socket.on('error', () => {})
        socket.resume()
        socket.once('close', () => {
          if (signal.aborted || !this.#identity || !isAlive(this.#identity)) resolve()
          else hold()
        })
        signal.addEventListener('abort', () => socket.destroy(), { once: true })
      }
      hold()
    })
  }

  #onExit(how: string): void {
    const lived = performance.now() - this.#startedAt
    this.#life.abort()
    this.#identity = undefined
    this.#message = how
    if (!this.#wanted) {
      this.#enter('stopped')
      return
    }
    this.#restarts++
    this.#backoff = lived > healthyAfter ? 0 : this.#backoff
    const pause = this.#backoff
    this.#backoff = Math.min(longestBackoff, this.#backoff === 0 ? firstBackoff : this.#backoff * 2)
    this.#log.warn(`${how}, is started again`, { after: pause, restarts: this.#restarts })
    this.#enter('backoff')
    this.#timer = setTimeout(() => {
      if (this.#wanted) this.#spawn()
    }, pause)
  }

  #enter(state: ServiceState): void {
    this.#state = state
    this.#changed(this)
  }
}

/** Files of a service below the supervisor's directories. */
export function serviceFiles(runDir: string, logDir: string, name: string): ServiceFiles {
  return { log: join(logDir, `${name}.log`), notify: join(runDir, `${name}.notify`) }
}

function asObject(ready: ServiceSpec['ready']): { socket: string; log?: string } | { notify: true } {
  return ready === 'started' ? { notify: true } : ready
}

/** Both ends of a FIFO; the reader sees the end when the last writer has gone. */
function openFifo(path: string): { reader: Socket; writeEnd: number } {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const reader = new Socket({ fd, readable: true, writable: false })
  reader.unref()
  return { reader, writeEnd }
}

function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (isAlive(identity)) process.kill(identity.pid, signal)
}
