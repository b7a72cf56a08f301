import { ApiError } from '../../api/api-error.ts'
import {
  parentManagedFields,
  type ReplicasPath,
  scaleManagedFields,
} from '../../api/apply/scale-managed-fields.ts'
import { cloneJson, isJsonObject, type JsonObject } from '../../api/json.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import { apiVersionOf } from '../../api/resource-info.ts'
import { formatLabelSelector } from '../../api/selectors/format-label-selector.ts'
import type { Scale } from '../../api/types/autoscaling-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import { builtinShape } from '../registry/builtin-resources.ts'
import type { Target } from '../registry/registry.ts'
import type { ScalePaths } from '../registry/served-resource.ts'
import type { ObjectView, SubresourceHandler } from '../registry/subresource-handler.ts'

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
const builtinPaths: ScalePaths = { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas' }

/** `/scale` of every resource that has it: the replica count of an object as an `autoscaling/v1 Scale`. */
export const scaleHandler: SubresourceHandler = {
  view: (target) => new ScaleView(target),
}

class ScaleView implements ObjectView {
  readonly gvk = scaleKind
  readonly #target: Target
  readonly #paths: ScalePaths
  readonly #shape = builtinShape(scaleKind)

  constructor(target: Target) {
    this.#target = target
    this.#paths = target.resource.scale ?? builtinPaths
  }

  get schema(): ObjectView['schema'] {
    return this.#shape.schema
  }

  conform(value: unknown, unknown?: string[]): KubeObject {
    return this.#shape.conform(value, unknown)
  }

  setDefaults(object: KubeObject): void {
    this.#shape.setDefaults(object)
  }

  fromObject(object: StoredKubeObject): KubeObject {
    const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
    const managedFields = scaleManagedFields(object.metadata.managedFields, this.#replicasPath)
    const selector = this.#selector(object)
    return {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: {
        ...(name && { name }),
        ...(namespace && { namespace }),
        ...(uid && { uid }),
        ...(resourceVersion && { resourceVersion }),
        ...(creationTimestamp && { creationTimestamp }),
        ...(managedFields && { managedFields }),
      },
      spec: { replicas: Number(at(object, this.#paths.specReplicas) ?? 0) },
      status: {
        replicas: Number(at(object, this.#paths.statusReplicas) ?? 0),
        ...(selector && { selector }),
      },
    }
  }

  toObject(current: StoredKubeObject, view: KubeObject): KubeObject {
    const { spec, metadata = {} } = view as KubeObject & Partial<Scale>
    const replicas = spec?.replicas ?? 0
    if (replicas < 0) {
      throw ApiError.invalid('autoscaling', 'Scale', this.#target.name, [
        {
          reason: 'FieldValueInvalid',
          message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
          field: 'spec.replicas',
        },
      ])
    }
    const next = cloneJson(current)
    const path = stepsOf(this.#paths.specReplicas)
    const last = path.pop()!
    let parent: JsonObject = next
    for (const step of path) {
      if (!isJsonObject(parent[step])) parent[step] = {}
      parent = parent[step] as JsonObject
    }
    parent[last] = replicas
    if (metadata.resourceVersion) next.metadata.resourceVersion = metadata.resourceVersion
    else delete next.metadata.resourceVersion
    const managedFields = parentManagedFields(
      current.metadata.managedFields,
      metadata.managedFields as StoredKubeObject['metadata']['managedFields'],
      apiVersionOf(this.#target.resource.info),
      this.#replicasPath,
    )
    if (managedFields) next.metadata.managedFields = managedFields
    else delete next.metadata.managedFields
    return next
  }

  /** The path is the same in all versions of a kind. */
  readonly #replicasPath: ReplicasPath = () => stepsOf(this.#paths.specReplicas).map((step) => `f:${step}`)

  #selector(object: StoredKubeObject): string {
    if (this.#target.resource.scale) {
      const { labelSelector } = this.#paths
      return labelSelector ? String(at(object, labelSelector) ?? '') : ''
    }
    const selector = at(object, '.spec.selector')
    if (!isJsonObject(selector)) return ''
    const isMap = this.#target.resource.info.resource === 'replicationcontrollers'
    return formatLabelSelector(
      isMap ? { matchLabels: selector as Record<string, string> } : (selector as LabelSelector),
    )
  }
}

function stepsOf(path: string): string[] {
  return path.split('.').filter(Boolean)
}

function at(object: unknown, path: string): unknown {
  let value = object
  for (const step of stepsOf(path)) value = isJsonObject(value) ? value[step] : undefined
  return value
}
