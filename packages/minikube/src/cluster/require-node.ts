import { MinikubeError } from '../error.ts'
import type { Cluster } from './cluster.ts'
import { machineName, type ProfileNode } from './profile.ts'

/** The node of that name (machine name, Kubernetes name, or `m02`); without a name the primary one. */
export function requireNode(cluster: Cluster, name: string): ProfileNode {
  const { profile, primary, node } = cluster
  if (name === '' || name === node.name) return primary
  const found = profile.Nodes.find((each) => each.Name === name || machineName(profile, each) === name)
  if (found) return found
  throw new MinikubeError('GUEST_NODE_RETRIEVE', `the cluster "${profile.Name}" has no node "${name}"`, {
    advice: "'minikube node list' shows its nodes.",
  })
}
