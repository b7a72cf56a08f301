/** Where one profile lives on a node. Everything of ours on the machine is below these, or in the ledger by name. */
export interface NodeLayout {
  /** Survives a stop. */
  data: string
  /** Sockets and state; gone after a reboot. */
  run: string
  logs: string
  /** Bundle of the engine and supervisor that this node runs. */
  engine: string
  /** Configuration and certificates of control plane and node. */
  kubernetes: string
  /** Pods' volumes: mounts of ours are below it and at it. */
  kubelet: string
  supervisorConfig: string
  supervisorSocket: string
  /** Which home directory the profile belongs to, which slot it has. */
  claim: string
}

export const machineRoot = '/var/lib/minikube'
export const machineRun = '/run/minikube'
export const machineLogs = '/var/log/minikube'

export function nodeLayout(profile: string): NodeLayout {
  const data = `${machineRoot}/${profile}`
  const run = `${machineRun}/${profile}`
  return {
    data,
    run,
    logs: `${machineLogs}/${profile}`,
    engine: `${data}/engine`,
    kubernetes: `${data}/kubernetes`,
    kubelet: `${data}/kubelet`,
    supervisorConfig: `${data}/supervisor.json`,
    supervisorSocket: `${run}/supervisor.sock`,
    claim: `${data}/claim.json`,
  }
}
