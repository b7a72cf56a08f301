import type { Pod } from '../../../api/types/core-v1.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'

const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** Pods stay five minutes on a node that is not ready or cannot be reached, unless they say otherwise. */
export class DefaultTolerationSeconds implements AdmissionPlugin {
  readonly name = 'DefaultTolerationSeconds'

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const { operation, object } = attributes
    if (!isResource(attributes, 'pods') || (operation !== 'CREATE' && operation !== 'UPDATE')) return
    const { spec } = object as unknown as Pod
    if (!spec) return
    const given = spec.tolerations ?? []
    const lacking = keys.filter(
      (key) =>
        !given.some(
          (toleration) =>
            (toleration.key === key || !toleration.key) &&
            (toleration.effect === 'NoExecute' || !toleration.effect),
        ),
    )
    if (lacking.length === 0) return
    spec.tolerations = [
      ...given,
      ...lacking.map((key) => ({
        key,
        operator: 'Exists' as const,
        effect: 'NoExecute' as const,
        tolerationSeconds: 300,
      })),
    ]
  }
}
