import type { Pod } from '../../../api/types/core-v1.ts'
import type { PriorityClass } from '../../../api/types/scheduling-v1.ts'
import { priorityClasses } from '../../../client/resources.ts'
import { lookUp, lookUpAll, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import { refuse } from '../refuse.ts'

/** Turns a pod's priority class into numbers; at most one class is everybody's default. */
export class Priority implements AdmissionPlugin {
  readonly name = 'Priority'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!isResource(attributes, 'pods')) return
    const { operation, object, oldObject } = attributes
    const spec = (object as unknown as Pod | undefined)?.spec
    if (!spec) return
    if (operation === 'UPDATE') {
      const old = (oldObject as unknown as Pod).spec
      spec.priority ??= old?.priority
      spec.preemptionPolicy ??= old?.preemptionPolicy
      return
    }
    if (operation !== 'CREATE') return
    const named = spec.priorityClassName
    const found = named ? lookUp<PriorityClass>(this.#store, priorityClasses, '', named) : this.#default()
    if (named && !found) throw refuse(attributes, `no PriorityClass with name ${named} was found`)
    const value = found?.value ?? 0
    const policy = found ? found.preemptionPolicy : 'PreemptLowerPriority'
    if (found) spec.priorityClassName = found.metadata?.name ?? ''
    if (spec.priority !== undefined && spec.priority !== null && spec.priority !== value) {
      throw refuse(
        attributes,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
      )
    }
    spec.priority = value
    if (!policy) return
    if (spec.preemptionPolicy && spec.preemptionPolicy !== policy) {
      throw refuse(
        attributes,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      )
    }
    spec.preemptionPolicy = policy
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, object } = attributes
    if (!isResource(attributes, 'priorityclasses.scheduling.k8s.io')) return
    if (operation !== 'CREATE' && operation !== 'UPDATE') return
    const { globalDefault, metadata } = object as unknown as PriorityClass
    const current = globalDefault ? this.#default()?.metadata?.name : undefined
    if (current !== undefined && (operation === 'CREATE' || current !== metadata?.name)) {
      throw refuse(
        attributes,
        `PriorityClass ${current} is already marked as default. Only one default can exist`,
      )
    }
  }

  #default(): PriorityClass | undefined {
    return lookUpAll<PriorityClass>(this.#store, priorityClasses)
      .filter(({ globalDefault }) => globalDefault)
      .sort((left, right) => (left.value ?? 0) - (right.value ?? 0))[0]
  }
}
