import { codeOf, MinikubeError } from '../error.ts'
import type { Home } from '../home.ts'
import type { SupervisorStatus } from '../node/supervisor/client.ts'
import { askingContext, type Cluster, openCluster } from './cluster.ts'
import { viewContext } from './kubeconfig.ts'
import { machineName } from './profile.ts'
import { loadProfile } from './profile-store.ts'
import { apiServerUrl } from './publish-context.ts'

export type Health = 'Running' | 'Stopped' | 'Paused' | 'Error' | 'Nonexistent'

/** As minikube shows one node. */
export interface NodeStatus {
  Name: string
  Host: Health
  Kubelet: Health
  APIServer: Health
  Kubeconfig: 'Configured' | 'Misconfigured' | 'Stopped' | 'Irrelevant'
  Worker: boolean
  /** What a person should know besides; not part of minikube's format. */
  notes: string[]
}

/** Bits of the exit code of `status`. */
const bits = { host: 1, kubernetes: 2, kubeconfig: 4 }

/** Looks at a cluster without changing anything. */
export async function clusterStatus(home: Home, name: string): Promise<NodeStatus[]> {
  const profile = await loadProfile(home, name)
  const cluster = await openCluster(home, profile)
  const machine = machineName(profile, cluster.primary)
  const [supervised, context] = await Promise.all([cluster.supervisor.status(), viewKubeconfig(home, name)])
  const notes: string[] = []
  const { kubelet, apiserver } = supervised ? fromSupervisor(supervised) : await fromEndpoints(cluster)
  const running = supervised !== undefined || kubelet === 'Running' || apiserver === 'Running'
  if (!running) {
    return [
      {
        Name: machine,
        Host: 'Stopped',
        Kubelet: 'Stopped',
        APIServer: 'Stopped',
        Kubeconfig: 'Stopped',
        Worker: false,
        notes,
      },
    ]
  }
  if (!supervised && process.getuid?.() === 0) {
    notes.push(
      "The supervisor does not run, so nothing that dies is started again: 'minikube start' brings it back.",
    )
  }
  const configured = context === apiServerUrl(cluster)
  if (!configured)
    notes.push(`The kubeconfig does not point to this cluster: 'minikube update-context' repairs that.`)
  return [
    {
      Name: machine,
      Host: 'Running',
      Kubelet: kubelet,
      APIServer: apiserver,
      Kubeconfig: configured ? 'Configured' : 'Misconfigured',
      Worker: false,
      notes,
    },
  ]
}

/** 1: a host does not run; 2: kubelet or API server does not; 4: kubeconfig points elsewhere. */
export function statusExitCode(statuses: readonly NodeStatus[]): number {
  let code = 0
  for (const { Host, Kubelet, APIServer, Kubeconfig, Worker } of statuses) {
    if (Host !== 'Running') code |= bits.host
    if (Kubelet !== 'Running' || (!Worker && APIServer !== 'Running')) code |= bits.kubernetes
    if (!Worker && Kubeconfig !== 'Configured') code |= bits.kubeconfig
  }
  return code
}

function fromSupervisor({ services }: SupervisorStatus): { kubelet: Health; apiserver: Health } {
  const of = (name: string): Health => {
    const state = services.find((service) => service.name === name)?.state
    if (state === 'ready') return 'Running'
    if (state === 'paused') return 'Paused'
    return state === 'backoff' ? 'Error' : 'Stopped'
  }
  const kubelet = of('node')
  return { apiserver: of('control-plane'), kubelet: kubelet === 'Paused' ? 'Stopped' : kubelet }
}

/** Without a supervisor to ask (or without the right to), the servers themselves are asked. */
async function fromEndpoints(cluster: Cluster): Promise<{ kubelet: Health; apiserver: Health }> {
  return cluster.engine.health(askingContext(cluster))
}

/** The server that the kubeconfig names; undefined when there is none or it cannot be read. */
async function viewKubeconfig(home: Home, name: string): Promise<string | undefined> {
  try {
    return (await viewContext(home, name)).server
  } catch (error) {
    if (error instanceof MinikubeError || codeOf(error) !== undefined) return undefined
    throw error
  }
}
