import type { StoredKubeObject } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import type { StructNode } from '../../api/schema/schema-node.ts'
import { nodes, pods } from '../../client/resources.ts'
import type { Logger } from '../../log.ts'
import { lookUp, lookUpAll, type StoreReader } from '../auth/store-reader.ts'
import { customSelectableFields } from '../registry/selectable-fields.ts'
import type { ComputedObjects, ServedResource } from '../registry/served-resource.ts'
import { genericStrategy } from '../registry/strategies/generic-strategy.ts'
import { fetchSummary, type KubeletAccess, type KubeletSummary, usageOf } from './kubelet-summary.ts'

const group = 'metrics.k8s.io'
const version = 'v1beta1'
/** The window that kubelets average over. */
const window = '10s'

const anyShape: StructNode = { kind: 'struct', fields: new Map(), atomic: false, open: true }

/**
 * `metrics.k8s.io/v1beta1`, what `kubectl top` and autoscalers ask for, straight from the kubelets: a cluster needs no
 * metrics server for it. One that is installed takes over (see the aggregator).
 */
export function metricsResources(
  store: StoreReader,
  kubelets: () => Promise<KubeletAccess>,
  log: Logger,
): ServedResource[] {
  const summary = async (nodeName: string): Promise<KubeletSummary | undefined> => {
    try {
      return await fetchSummary(await kubelets(), nodeName)
    } catch (error) {
      log.warn('no metrics of a node', { node: nodeName, error })
      return undefined
    }
  }
  const ofNode = async (node: StoredKubeObject): Promise<StoredKubeObject | undefined> => {
    const found = await summary(node.metadata.name ?? '')
    const usage = found && usageOf(found.node)
    return usage && { ...head('NodeMetrics', node), timestamp: usage.timestamp, window, usage: usage.usage }
  }
  const ofPods = async (
    nodeName: string,
    wanted: readonly StoredKubeObject[],
  ): Promise<StoredKubeObject[]> => {
    const found = await summary(nodeName)
    return wanted.flatMap((pod) => {
      const { name, namespace } = pod.metadata
      const stats = found?.pods.find(({ podRef }) => podRef.name === name && podRef.namespace === namespace)
      const containers = (stats?.containers ?? []).flatMap((container) => {
        const usage = usageOf(container)
        return usage ? [{ name: container.name, usage: usage.usage, timestamp: usage.timestamp }] : []
      })
      const [first] = containers
      if (!first) return []
      return [
        {
          ...head('PodMetrics', pod),
          timestamp: first.timestamp,
          window,
          containers: containers.map(({ name, usage }) => ({ name, usage })),
        },
      ]
    })
  }
  const nodeMetrics: ComputedObjects = {
    async get(_, name) {
      const node = lookUp(store, nodes, '', name)
      return node && ofNode(node)
    },
    async list() {
      const found = await Promise.all(lookUpAll<StoredKubeObject>(store, nodes).map(ofNode))
      return found.filter((metrics) => metrics !== undefined)
    },
  }
  const podMetrics: ComputedObjects = {
    async get(namespace, name) {
      const pod = lookUp<StoredKubeObject>(store, pods, namespace, name)
      return pod && (await ofPods(nodeOf(pod), [pod]))[0]
    },
    async list(namespace) {
      const byNode = Map.groupBy(lookUpAll<StoredKubeObject>(store, pods, namespace), nodeOf)
      byNode.delete('')
      const found = await Promise.all([...byNode].map(([nodeName, wanted]) => ofPods(nodeName, wanted)))
      return found.flat()
    },
  }
  return [
    served({ kind: 'NodeMetrics', resource: 'nodes', namespaced: false }, nodeMetrics),
    served({ kind: 'PodMetrics', resource: 'pods', namespaced: true }, podMetrics),
  ]
}

function served(
  { kind, resource, namespaced }: Pick<ResourceInfo, 'kind' | 'resource' | 'namespaced'>,
  computed: ComputedObjects,
): ServedResource {
  const info: ResourceInfo = {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    resource,
    singular: '',
    shortNames: [],
    categories: [],
    namespaced,
    verbs: ['get', 'list'],
    subresources: [],
    storageVersion: version,
  }
  return {
    info,
    computed,
    schema: anyShape,
    returnsDeleted: false,
    selectableFields: customSelectableFields(info, []),
    get strategy() {
      return genericStrategy(info)
    },
    conform: (value) => value as StoredKubeObject,
    setDefaults() {},
    validateCreate: () => [],
    validateUpdate: () => [],
  }
}

function head(kind: string, { metadata }: StoredKubeObject): StoredKubeObject {
  const { name, namespace, labels, creationTimestamp } = metadata
  return {
    kind,
    apiVersion: `${group}/${version}`,
    metadata: {
      ...(name && { name }),
      ...(namespace && { namespace }),
      ...(labels && { labels }),
      ...(creationTimestamp && { creationTimestamp }),
    },
  }
}

function nodeOf(pod: StoredKubeObject): string {
  return (pod.spec as { nodeName?: string } | undefined)?.nodeName ?? ''
}
