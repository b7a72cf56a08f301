import type { Node } from '../../../api/types/core-v1.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'

/** A new node takes no pods until the node controller has seen it ready. */
export class TaintNodesByCondition implements AdmissionPlugin {
  readonly name = 'TaintNodesByCondition'

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (attributes.operation !== 'CREATE' || !isResource(attributes, 'nodes')) return
    const node = attributes.object as unknown as Node
    const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' as const }
    const taints = node.spec?.taints ?? []
    if (taints.some(({ key, effect }) => key === taint.key && effect === taint.effect)) return
    node.spec = { ...node.spec, taints: [...taints, taint] }
  }
}
