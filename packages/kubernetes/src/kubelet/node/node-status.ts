import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import { formatQuantity, parseQuantity, subtractQuantity } from '../../api/quantity.ts'
import type { ContainerImage, NodeStatus } from '../../api/types/core-v1.ts'
import { serverVersion } from '../../apiserver/http/version.ts'
import type { NodeConfig } from '../../node-config.ts'
import type { Machine } from './machine.ts'
import type { RuntimeState } from './runtime-state.ts'

const maxImages = 50
const maxNamesPerImage = 5

/** What of the node's status does not change while the kubelet runs. */
export function fixedStatus(
  config: NodeConfig,
  machine: Machine,
  runtime: { name: string; version: string },
): NodeStatus {
  const capacity = { ...machine.capacity, ...config.capacity, pods: String(config.maxPods) }
  return {
    capacity,
    allocatable: allocatableOf(capacity),
    addresses: [
      { type: 'InternalIP', address: config.nodeIP },
      { type: 'Hostname', address: config.nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: config.server.port } },
    nodeInfo: {
      ...machine.info,
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kubeletVersion: serverVersion.gitVersion,
      kubeProxyVersion: '',
    },
  }
}

/** Nothing is held back; memory in huge pages is not to be had as such. */
function allocatableOf(capacity: Record<string, string>): Record<string, string> {
  let memory = parseQuantity(capacity.memory ?? '0')
  for (const [name, amount] of Object.entries(capacity)) {
    const pages = name.startsWith('hugepages-') ? parseQuantity(amount) : undefined
    if (pages && memory) memory = subtractQuantity(memory, pages)
  }
  return { ...capacity, ...(memory && { memory: formatQuantity(memory) }) }
}

/** The largest images, as the node's status lists them. */
export async function nodeImages(cri: CriClient): Promise<ContainerImage[]> {
  const { images } = await cri.listImages({})
  return images
    .sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1))
    .slice(0, maxImages)
    .map(({ repoDigests, repoTags, size }) => ({
      names: [...repoDigests, ...repoTags].slice(0, maxNamesPerImage),
      sizeBytes: size,
    }))
}

export function runtimeStatus(state: RuntimeState): Pick<NodeStatus, 'runtimeHandlers' | 'features'> {
  const { handlers, supplementalGroupsPolicy } = state
  return {
    ...(handlers.length > 0 && {
      runtimeHandlers: handlers.map(({ name, features }) => ({
        name,
        features: {
          recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false,
          userNamespaces: features?.userNamespaces ?? false,
        },
      })),
    }),
    ...(supplementalGroupsPolicy !== undefined && { features: { supplementalGroupsPolicy } }),
  }
}
