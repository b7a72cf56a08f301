import type { ServiceSpec } from '../../runtimes/runtime.ts'
import type { ProcessIdentity } from './process-table.ts'

/** What a supervisor runs. Written to the node as JSON, so that it also starts without anybody asking (after a reboot). */
export interface SupervisorConfig {
  profile: string
  /** Which build of the supervisor this is for; another one takes over from it. */
  build: string
  services: ServiceSpec[]
  /** Sockets, process table; made if missing. */
  runDir: string
  /** One file per service, `<service>.log`. */
  logDir: string
  socket: string
  /** Kernel settings that a reboot forgets, as below /proc/sys: `net/ipv4/ip_forward` → `1`. Set before anything starts. */
  sysctls: Record<string, string>
  /** Run in order before services start, each unless its path is there: what a reboot forgets as well. */
  commands: { argv: string[]; stdin?: string; unless?: string }[]
  /** A log that grows over this many bytes is rotated, one old file is kept. */
  maxLogBytes: number
}

/**
 * `waiting`: for those it comes after. `ready`: as its spec says. `backoff`: died, will be started again. `paused`: stopped
 * by SIGSTOP. `stopped`: on request.
 */
export type ServiceState = 'waiting' | 'starting' | 'ready' | 'backoff' | 'paused' | 'stopping' | 'stopped'

export interface ServiceStatus {
  name: string
  state: ServiceState
  pid?: number
  /** How often it died by itself. */
  restarts: number
  /** How it last ended, or why it cannot start. */
  message?: string
}

/** One line of JSON from the client. */
export type SupervisorRequest =
  | { op: 'status' }
  /** Answers with every service's state and then with each change, until the client hangs up. */
  | { op: 'events' }
  /** Runs this from now on: starts what is new, restarts what changed, stops what is no longer there. */
  | { op: 'apply'; config: SupervisorConfig }
  | { op: 'restart'; service: string }
  | { op: 'pause' | 'unpause'; services: string[] }
  /** Ends the supervisor and leaves everything running, for the next one to take over. */
  | { op: 'leave' }
  /** Stops these, or, without names, everything and the supervisor itself. Answers when done. */
  | { op: 'stop'; services?: string[] }

/** One line of JSON to the client. */
export type SupervisorReply =
  | { pid: number; services: ServiceStatus[]; config: SupervisorConfig }
  | { service: ServiceStatus }
  | { ok: true }
  | { error: string }

/** File in the run directory that says which process every service is, for the supervisor that comes after. */
export const processTableFile = 'services.json'

export interface RememberedService {
  identity: ProcessIdentity
  /** JSON of its ServiceSpec. */
  spec: string
  state: 'starting' | 'ready' | 'paused'
}
