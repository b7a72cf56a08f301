import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import type { Logger } from '../log.ts'

export interface ControllerContext {
  client: Client
  informers: InformerFactory
  /** A recorder whose events name `component` as their source. */
  recorder(component: string): EventRecorder
  log: Logger
  /** Milliseconds since the epoch; tests put in their own. */
  now(): number
}

/**
 * A control loop: informers feed keys into a WorkQueue, a reconcile brings one key towards its spec. It compares before it
 * writes, so that its own status updates wake nobody. `stop` resolves when no reconcile runs any more.
 */
export interface Controller {
  readonly name: string
  stop(): Promise<void>
}

export type StartController = (context: ControllerContext) => Controller
