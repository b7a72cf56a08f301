import { deepEqual } from '../../../api/json.ts'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { ResourceInfo } from '../../../api/resource-info.ts'
import type { Strategy } from '../strategy.ts'
import { finalizerWarnings } from './finalizer-warnings.ts'
import { makeStrategy } from './make-strategy.ts'

const made = new WeakMap<ResourceInfo, Strategy>()

/** Custom resources: every change outside of metadata counts for the generation. */
export function genericStrategy(resource: ResourceInfo): Strategy {
  let strategy = made.get(resource)
  if (!strategy) {
    const hasStatus = resource.subresources.some((subresource) => subresource.name === 'status')
    strategy = makeStrategy(
      { hasStatus, openStatus: true },
      {
        unconditionalUpdate: false,
        generation: (next, old) => !deepEqual(content(next), content(old)),
        warnings: finalizerWarnings,
      },
    )
    made.set(resource, strategy)
  }
  return strategy
}

function content(object: StoredKubeObject): object {
  const { metadata: _, ...rest } = object
  return rest
}
