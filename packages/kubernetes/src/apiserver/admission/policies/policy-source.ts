import type { GroupVersionResource, StoredKubeObject } from '../../../api/kube-object.ts'
import { follow, lookUpAll, type StoreReader } from '../../auth/store-reader.ts'

interface Binding extends StoredKubeObject {
  spec: { policyName?: string }
}

export interface PolicyHook<P, B> {
  policy: P
  bindings: B[]
}

/** The policies that have bindings, as they are in the store just now. */
export class PolicySource<P, B> {
  readonly #store: StoreReader
  readonly #policies: GroupVersionResource
  readonly #bindings: GroupVersionResource
  readonly #ends: (() => void)[]
  #hooks: PolicyHook<P, B>[] | undefined

  constructor(store: StoreReader, policies: GroupVersionResource, bindings: GroupVersionResource) {
    this.#store = store
    this.#policies = policies
    this.#bindings = bindings
    const forget = (): void => {
      this.#hooks = undefined
    }
    this.#ends = [follow(store, policies, forget), follow(store, bindings, forget)]
  }

  /** In the order of the policies' names, and of the bindings'. */
  get hooks(): readonly PolicyHook<P, B>[] {
    this.#hooks ??= this.#read()
    return this.#hooks
  }

  close(): void {
    for (const end of this.#ends) end()
  }

  #read(): PolicyHook<P, B>[] {
    const byPolicy = Map.groupBy(
      lookUpAll<Binding>(this.#store, this.#bindings).sort(byName),
      ({ spec }) => spec.policyName ?? '',
    )
    return lookUpAll(this.#store, this.#policies)
      .sort(byName)
      .flatMap((policy) => {
        const bindings = byPolicy.get(policy.metadata.name ?? '')
        return bindings ? [{ policy: policy as P, bindings: bindings as B[] }] : []
      })
  }
}

function byName({ metadata: left }: StoredKubeObject, { metadata: right }: StoredKubeObject): number {
  return (left.name ?? '') < (right.name ?? '') ? -1 : 1
}
