import { hostname, networkInterfaces } from 'node:os'
import { MinikubeError } from '../../error.ts'
import { LocalNode } from '../../node/local-node.ts'
import type { Node } from '../../node/node.ts'
import type { Driver, DriverHealth, DriverTraits, MachineState } from '../driver.ts'
import { primaryAddress } from './primary-address.ts'

/** The node is this machine: nothing to make, everything to leave as it was. */
export class NoneDriver implements Driver {
  readonly name = 'none'
  readonly aliases = ['native']
  readonly traits: DriverTraits = {
    isolation: 'host',
    needsRoot: true,
    manyNodes: false,
    staticIp: false,
    mounts: false,
    resources: false,
    priority: 1,
  }

  async probe(): Promise<DriverHealth> {
    if (process.platform !== 'linux') {
      return { installed: false, healthy: false, reason: 'it needs Linux', advice: 'Use another driver.' }
    }
    if (process.getuid?.() !== 0) {
      return {
        installed: true,
        healthy: false,
        reason: 'it needs root',
        advice: "Run 'sudo minikube start --driver=none': profile and kubeconfig stay in your own home.",
      }
    }
    return { installed: true, healthy: true }
  }

  async create(): Promise<void> {
    await this.start()
  }

  async start(): Promise<void> {
    const { healthy, reason, advice } = await this.probe()
    if (!healthy)
      throw new MinikubeError('DRV_NEEDS_ROOT', `the driver "none" cannot be used: ${reason}`, { advice })
  }

  async stop(): Promise<void> {}

  async delete(): Promise<void> {}

  async state(): Promise<MachineState> {
    return 'running'
  }

  async ip(): Promise<string> {
    return primaryAddress(networkInterfaces())
  }

  async node(): Promise<Node> {
    return new LocalNode(nodeName(hostname()))
  }
}

/** A host name as Kubernetes takes it for a node. */
function nodeName(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9.-]/g, '-')
      .replaceAll(/^[.-]+|[.-]+$/g, '') || 'localhost'
  )
}
