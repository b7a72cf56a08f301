import { MinikubeError } from '../error.ts'
import type { Cluster } from './cluster.ts'

/** Throws when this cluster's driver needs root for what is to be done and we are not root. `deed` says it in words. */
export function requireRoot(cluster: Cluster, command: string, deed = `${command} the cluster`): void {
  if (!cluster.driver.traits.needsRoot || process.getuid?.() === 0) return
  throw new MinikubeError('DRV_NEEDS_ROOT', `the driver "${cluster.driver.name}" needs root to ${deed}`, {
    advice: `Run 'sudo minikube ${command}${cluster.profile.Name === 'minikube' ? '' : ` -p ${cluster.profile.Name}`}'.`,
  })
}
