import { MinikubeError } from '../error.ts'
import type { SupervisorStatus } from '../node/supervisor/client.ts'
import type { Cluster } from './cluster.ts'

/** What runs; throws when nothing does. */
export async function requireRunning(cluster: Cluster): Promise<SupervisorStatus> {
  const status = await cluster.supervisor.status()
  if (!status) throw notRunning(cluster.profile.Name)
  return status
}

export function notRunning(profile: string): MinikubeError {
  return new MinikubeError('GUEST_NOT_RUNNING', `the cluster "${profile}" does not run`, {
    advice: `Start it with 'minikube start${profile === 'minikube' ? '' : ` -p ${profile}`}'.`,
  })
}
