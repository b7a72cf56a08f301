import type { Binding, Node, Pod } from '../../../api/types/core-v1.ts'
import { nodes } from '../../../client/resources.ts'
import { lookUp, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'

const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

/** A pod learns by its labels in which zone and region its node is; the binding carries them to the pod. */
export class PodTopologyLabels implements AdmissionPlugin {
  readonly name = 'PodTopologyLabels'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const { operation, object } = attributes
    if (operation !== 'CREATE' || !object) return
    const target = isResource(attributes, 'pods')
      ? (object as unknown as Pod).spec?.nodeName
      : isResource(attributes, 'pods', 'binding')
        ? boundNode(object as unknown as Binding)
        : undefined
    const labels = target ? lookUp<Node>(this.#store, nodes, '', target)?.metadata?.labels : undefined
    const found = topologyLabels.filter((key) => labels?.[key] !== undefined)
    if (found.length === 0) return
    const copied = Object.fromEntries(found.map((key) => [key, labels![key]!]))
    object.metadata = { ...object.metadata, labels: { ...object.metadata?.labels, ...copied } }
  }
}

function boundNode({ target }: Binding): string | undefined {
  return target?.kind === 'Node' ? target.name : undefined
}
