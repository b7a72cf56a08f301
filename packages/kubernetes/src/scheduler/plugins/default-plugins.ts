import type { Client } from '../../client/client.ts'
import type { NamespaceLabels } from '../cluster/affinity-term.ts'
import type { ClusterState } from '../cluster/cluster-state.ts'
import type { VolumeCaches } from '../volumes/volume-caches.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import type { Plugin } from './plugin.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { schedulingGates } from './scheduling-gates.ts'
import type { DefaultSelector } from './spread-constraint.ts'
import { taintToleration } from './taint-toleration.ts'
import { volumeBinding } from './volume-binding.ts'
import { volumeRestrictions } from './volume-restrictions.ts'
import { volumeZone } from './volume-zone.ts'

export interface DefaultPluginsOptions {
  cluster: ClusterState
  caches: VolumeCaches
  client: Client
  namespaceLabels: NamespaceLabels
  defaultSelector: DefaultSelector
}

/** Upstream's default profile, in its order: the first plugin that rejects a node is the one that is named. */
export function defaultPlugins(options: DefaultPluginsOptions): Plugin[] {
  const { cluster, caches, client, namespaceLabels, defaultSelector } = options
  const nodes = () => cluster.nodes
  return [
    schedulingGates(),
    nodeUnschedulable(),
    nodeName(),
    taintToleration(),
    nodeAffinity(),
    nodePorts(),
    nodeResourcesFit(),
    volumeRestrictions({ caches, nodes }),
    nodeVolumeLimits(caches),
    volumeBinding({ caches, client }),
    volumeZone(caches),
    podTopologySpread({ nodes, defaultSelector }),
    interPodAffinity({ nodes, namespaceLabels }),
    balancedAllocation(),
    imageLocality({ nodes }),
  ]
}
