import { randomUUID } from 'node:crypto'
import type { MinikubeError } from '../../error.ts'
import type { Output, Streams } from './output.ts'
import { stepsOf } from './steps.ts'

/** One CloudEvents 1.0 event per line on stdout, in minikube's types; every value in `data` is a string. */
export class JsonOutput implements Output {
  readonly #streams: Streams
  readonly #steps: readonly string[]
  #current = { currentstep: '0', name: '', message: '' }

  constructor(streams: Streams, command: string) {
    this.#streams = streams
    this.#steps = stepsOf(command)
  }

  step(name: string, message: string): void {
    this.#current = { currentstep: String(Math.max(0, this.#steps.indexOf(name))), name, message }
    this.#event('step', { ...this.#current, totalsteps: String(this.#steps.length - 1) })
  }

  info(message: string): void {
    this.#event('info', { message })
  }

  warn(message: string): void {
    this.#event('warning', { message })
  }

  fraction(done: number, artifact = ''): void {
    this.#event('download.progress', {
      currentstep: this.#current.currentstep,
      totalsteps: String(this.#steps.length - 1),
      artifact,
      progress: String(done),
    })
  }

  print(line: string): void {
    this.info(line)
  }

  error(error: MinikubeError): void {
    this.#event('error', {
      name: error.reason,
      exitcode: String(error.exitCode),
      message: error.message,
      advice: error.advice ?? '',
      url: error.url ?? '',
      issues: '',
    })
  }

  #event(type: string, data: Record<string, string>): void {
    const event = {
      specversion: '1.0',
      id: randomUUID(),
      source: 'https://minikube.sigs.k8s.io/',
      type: `io.k8s.sigs.minikube.${type}`,
      datacontenttype: 'application/json',
      data,
    }
    this.#streams.stdout.write(`${JSON.stringify(event)}\n`)
  }
}
