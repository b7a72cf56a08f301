import type { Node } from '../node/node.ts'
import type { Work } from '../progress.ts'

/** What a driver can do, as data: `start` decides from this, never from the driver's name. */
export interface DriverTraits {
  /** `host`: the node is this machine; `container`, `vm`: something of its own. */
  isolation: 'host' | 'container' | 'vm'
  needsRoot: boolean
  manyNodes: boolean
  staticIp: boolean
  mounts: boolean
  /** cpus, memory and disk size can be limited. */
  resources: boolean
  /** Chosen without being asked for when healthy; the highest wins. 0: never. */
  priority: number
}

/** Result of probing; `reason`, `advice` when something is missing. Probing changes nothing and takes at most 10 s. */
export interface DriverHealth {
  installed: boolean
  healthy: boolean
  version?: string
  reason?: string
  advice?: string
}

export type MachineState = 'running' | 'stopped' | 'paused' | 'missing' | 'error'

export interface MachineSpec {
  /** Profile name and machine name: `minikube`, `minikube-m02`. */
  profile: string
  machine: string
  cpus?: number
  /** MiB. */
  memory?: number
  /** MiB. */
  disk?: number
  /** Directory for what the driver keeps of this machine, under the profile. */
  directory: string
}

/**
 * Where a node lives. Every driver passes drivers/driver.contract.test.ts. Errors are MinikubeError with a DRV_ or
 * PROVIDER_ reason.
 */
export interface Driver {
  readonly name: string
  readonly aliases: readonly string[]
  readonly traits: DriverTraits
  probe(signal: AbortSignal): Promise<DriverHealth>
  /** Makes the machine and starts it; leaves nothing behind when it fails. */
  create(spec: MachineSpec, work: Work): Promise<void>
  start(spec: MachineSpec, work: Work): Promise<void>
  stop(spec: MachineSpec, work: Work): Promise<void>
  /** Removes every trace; succeeds when there is none. */
  delete(spec: MachineSpec, work: Work): Promise<void>
  state(spec: MachineSpec): Promise<MachineState>
  /** Address that host and pods reach the node under. */
  ip(spec: MachineSpec): Promise<string>
  node(spec: MachineSpec): Promise<Node>
}
