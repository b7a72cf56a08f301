import { deepEqual } from '../../../api/json.ts'
import type { Pod, Toleration } from '../../../api/types/core-v1.ts'
import type { RuntimeClass as Class } from '../../../api/types/node-v1.ts'
import { runtimeClasses } from '../../../client/resources.ts'
import { lookUp, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import { refuse } from '../refuse.ts'

/** Gives pods the overhead and the scheduling constraints of their runtime class. */
export class RuntimeClass implements AdmissionPlugin {
  readonly name = 'RuntimeClass'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const pod = newPod(attributes)
    const found = pod && this.#classOf(attributes, pod)
    if (!pod?.spec || !found) return
    const { spec } = pod
    if (found.overhead) {
      const fixed = found.overhead.podFixed
      const given = Object.keys(spec.overhead ?? {}).length > 0
      if (given && !deepEqual(fixed, spec.overhead)) {
        throw refuse(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
      }
      if (fixed) spec.overhead = { ...fixed }
    }
    if (!found.scheduling) return
    for (const [key, value] of Object.entries(found.scheduling.nodeSelector ?? {})) {
      const own = spec.nodeSelector?.[key]
      if (own !== undefined && own !== value) {
        throw refuse(
          attributes,
          `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
        )
      }
      spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
    }
    const tolerations = merge(spec.tolerations ?? [], found.scheduling.tolerations ?? [])
    if (tolerations.length > 0) spec.tolerations = tolerations
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const pod = newPod(attributes)
    if (!pod) return
    const found = this.#classOf(attributes, pod)
    const overhead = pod.spec?.overhead
    if (found?.overhead) {
      if (!deepEqual(found.overhead.podFixed, overhead)) {
        throw refuse(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
      }
    } else if (overhead) {
      throw refuse(
        attributes,
        'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
      )
    }
  }

  #classOf(attributes: AdmissionAttributes, pod: Pod): Class | undefined {
    const name = pod.spec?.runtimeClassName
    if (name === undefined || name === null) return undefined
    const found = lookUp<Class>(this.#store, runtimeClasses, '', name)
    if (!found) throw refuse(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`)
    return found
  }
}

function newPod(attributes: AdmissionAttributes): Pod | undefined {
  const concerned = attributes.operation === 'CREATE' && isResource(attributes, 'pods')
  return concerned ? (attributes.object as unknown as Pod) : undefined
}

/** Both lists, without what another of them covers. */
function merge(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second]
  const merged: Toleration[] = []
  for (const [at, toleration] of all.entries()) {
    const later = all
      .slice(at + 1)
      .some((other) => !deepEqual(other, toleration) && covers(other, toleration))
    if (!later && !merged.some((known) => covers(known, toleration))) merged.push(toleration)
  }
  return merged
}

function covers(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true
  if (narrow.key !== wide.key && (wide.key || wide.operator !== 'Exists')) return false
  if (wide.effect && narrow.effect !== wide.effect) return false
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds)
      return false
  }
  if (wide.operator === 'Exists') return true
  return narrow.operator === 'Equal' && narrow.value === wide.value
}
