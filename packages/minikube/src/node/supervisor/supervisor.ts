import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '@minikube-ts/kubernetes/log.ts'
import { messageOf } from '../../error.ts'
import type { ServiceSpec } from '../../runtimes/runtime.ts'
import { LogRotation } from './log-rotation.ts'
import { isAlive } from './process-table.ts'
import {
  processTableFile,
  type RememberedService,
  type ServiceStatus,
  type SupervisorConfig,
} from './protocol.ts'
import { Service, serviceFiles } from './service.ts'

/** Starts services in the order of their dependencies, each as soon as those are ready, and keeps them running. */
export class Supervisor {
  #config: SupervisorConfig
  readonly #services = new Map<string, Service>()
  readonly #log: Logger
  readonly #listeners = new Set<(status: ServiceStatus) => void>()
  readonly #rotation: LogRotation
  /** One change of what runs at a time. */
  #queue: Promise<void> = Promise.resolve()

  constructor(config: SupervisorConfig, log: Logger) {
    this.#config = config
    this.#log = log
    this.#rotation = new LogRotation(config.logDir, config.maxLogBytes)
  }

  get config(): SupervisorConfig {
    return this.#config
  }

  status(): ServiceStatus[] {
    return [...this.#services.values()].map((service) => service.status())
  }

  /** Calls back at every change from now on; the result ends that. */
  subscribe(listener: (status: ServiceStatus) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Adopts what an earlier supervisor left, then runs what the configuration says. */
  async begin(): Promise<void> {
    mkdirSync(this.#config.runDir, { recursive: true, mode: 0o700 })
    mkdirSync(this.#config.logDir, { recursive: true, mode: 0o755 })
    const remembered = this.#recall()
    for (const [name, { identity, spec, state }] of Object.entries(remembered)) {
      if (!isAlive(identity)) continue
      const service = this.#add(JSON.parse(spec) as ServiceSpec)
      this.#log.info('takes over', { service: name, pid: identity.pid })
      service.adopt(identity, state)
    }
    await this.apply(this.#config)
    this.#rotation.begin()
  }

  apply(config: SupervisorConfig): Promise<void> {
    return this.#inTurn(async () => {
      prepareMachine(config)
      const wanted = new Map(config.services.map((spec) => [spec.name, spec]))
      const obsolete = [...this.#services.values()].filter((service) => {
        const spec = wanted.get(service.spec.name)
        return !spec || digest(spec) !== digest(service.spec)
      })
      await this.#stopInOrder(obsolete)
      for (const service of obsolete) this.#services.delete(service.spec.name)
      this.#config = config
      for (const spec of config.services) if (!this.#services.has(spec.name)) this.#add(spec)
      for (const service of this.#services.values()) service.rearm()
      this.#startUnblocked()
    })
  }

  restart(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const service = this.#services.get(name)
      if (!service) throw new Error(`there is no service ${name}`)
      await service.restart()
    })
  }

  async pause(names: string[]): Promise<void> {
    for (const name of names) this.#services.get(name)?.pause()
  }

  async unpause(names: string[]): Promise<void> {
    for (const name of names) this.#services.get(name)?.unpause()
  }

  /** Stops these services, or all: each before those that it needs. */
  stop(names?: readonly string[]): Promise<void> {
    return this.#inTurn(() =>
      this.#stopInOrder(
        [...this.#services.values()].filter((service) => names?.includes(service.spec.name) ?? true),
      ),
    )
  }

  end(): void {
    this.#rotation.end()
  }

  #add(spec: ServiceSpec): Service {
    const files = serviceFiles(this.#config.runDir, this.#config.logDir, spec.name)
    makeFifo(files.notify)
    const service = new Service(spec, files, this.#log, (changed) => this.#onChange(changed))
    this.#services.set(spec.name, service)
    return service
  }

  #onChange(service: Service): void {
    this.#remember()
    const status = service.status()
    for (const listener of this.#listeners) listener(status)
    if (service.state === 'ready') this.#startUnblocked()
  }

  #startUnblocked(): void {
    for (const service of this.#services.values()) {
      if (service.state !== 'waiting') continue
      const blocked = (service.spec.after ?? []).some((name) => {
        const other = this.#services.get(name)
        return other !== undefined && other.state !== 'ready' && other.state !== 'paused'
      })
      if (!blocked) service.start()
    }
  }

  async #stopInOrder(services: readonly Service[]): Promise<void> {
    const left = new Set(services)
    const stopping = new Map<Service, Promise<void>>()
    const stop = (service: Service): Promise<void> => {
      const running = stopping.get(service)
      if (running) return running
      const dependents = [...left].filter(
        (other) => other !== service && other.spec.after?.includes(service.spec.name),
      )
      const done = Promise.all(dependents.map(stop)).then(() => service.stop())
      stopping.set(service, done)
      return done
    }
    await Promise.all([...left].map(stop))
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(action)
    this.#queue = result.catch(() => {})
    return result
  }

  #tablePath(): string {
    return join(this.#config.runDir, processTableFile)
  }

  #remember(): void {
    const table: Record<string, RememberedService> = {}
    for (const service of this.#services.values()) {
      const { identity, state, spec } = service
      if (!identity) continue
      table[spec.name] = {
        identity,
        spec: JSON.stringify(spec),
        state: state === 'ready' || state === 'paused' ? state : 'starting',
      }
    }
    writeFileSync(`${this.#tablePath()}.new`, JSON.stringify(table))
    renameSync(`${this.#tablePath()}.new`, this.#tablePath())
  }

  #recall(): Record<string, RememberedService> {
    try {
      return JSON.parse(readFileSync(this.#tablePath(), 'utf8')) as Record<string, RememberedService>
    } catch (error) {
      this.#log.info('starts without a process table', { reason: messageOf(error) })
      return {}
    }
  }
}

function digest(spec: ServiceSpec): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex')
}

/** Before anything runs there is nothing else to do, so this waits. */
function prepareMachine(config: SupervisorConfig): void {
  for (const [key, value] of Object.entries(config.sysctls)) {
    const path = join('/proc/sys', key)
    if (readFileSync(path, 'utf8').trim() !== value) writeFileSync(path, value)
  }
  for (const { argv, stdin = '', unless } of config.commands) {
    if (unless !== undefined && existsSync(unless)) continue
    execFileSync(argv[0]!, argv.slice(1), { input: stdin, stdio: ['pipe', 'ignore', 'pipe'] })
  }
}

function makeFifo(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO()) return
  execFileSync('mkfifo', ['-m', '600', path])
}
