import { deepEqual } from '../../api/json.ts'
import type { Namespace, Pod } from '../../api/types/core-v1.ts'
import type { NetworkPolicy } from '../../api/types/networking-v1.ts'
import { type Informer, keyOf } from '../../client/informer.ts'
import type { InformerFactory } from '../../client/informer-factory.ts'
import * as resources from '../../client/resources.ts'
import type { NftTable } from '../nft/nft-table.ts'
import type { PodSource } from '../pod-source.ts'
import type { Source } from '../sync-loop.ts'
import { policyFragments } from './policy-fragments.ts'
import { policyPodOf } from './policy-rules.ts'

export interface PolicySourceOptions {
  informers: InformerFactory
  /** The pods of this node. */
  pods: PodSource
  onChange: () => void
}

/** Network policies. The cluster's other pods and its namespaces are watched only while there is a policy to apply. */
export class PolicySource implements Source {
  readonly synced: Promise<unknown>
  readonly #options: PolicySourceOptions
  readonly #policies: Informer<NetworkPolicy>
  readonly #stops: (() => void)[] = []
  #world: { pods: Informer<Pod>; namespaces: Informer<Namespace> } | undefined
  #owners = new Set<string>()
  #dirty = true
  #ready = false

  constructor(options: PolicySourceOptions) {
    this.#options = options
    const { informers, pods } = options
    this.#policies = informers.informer<NetworkPolicy>(resources.networkPolicies)
    this.#stops.push(this.#policies.listen(this.#changed))
    pods.listeners.add(this.#changed)
    this.synced = this.#policies.synced.then(() => this.#openWorld())
  }

  update(table: NftTable): void {
    if (!this.#dirty || (!this.#ready && this.#policies.list().length > 0)) return
    this.#dirty = false
    const { pods } = this.#options
    const everybody = this.#world?.pods.list() ?? []
    const local = pods.list()
    // Pods here may have an address that only we know.
    const here = new Set(local.map(({ pod }) => keyOf(pod)))
    const elsewhere = everybody
      .filter((pod) => !here.has(keyOf(pod)))
      .flatMap((pod) => policyPodOf(pod) ?? [])
    const namespaces = new Map(
      (this.#world?.namespaces.list() ?? []).map((item) => [item.metadata.name ?? '', item]),
    )
    const world = { pods: [...local, ...elsewhere], namespaces }
    const fragments = policyFragments(this.#policies.list(), local, world)
    for (const owner of this.#owners) if (!fragments.has(owner)) table.set(owner, undefined)
    for (const [owner, fragment] of fragments) table.set(owner, fragment)
    this.#owners = new Set(fragments.keys())
  }

  stop(): void {
    this.#options.pods.listeners.delete(this.#changed)
    for (const stop of this.#stops) stop()
  }

  #changed = (): void => {
    this.#dirty = true
    if (!this.#world && this.#policies.list().length > 0) void this.#openWorld()
    this.#options.onChange()
  }

  async #openWorld(): Promise<void> {
    if (this.#policies.list().length === 0) return
    if (!this.#world) {
      const { informers } = this.#options
      const pods = informers.informer<Pod>(resources.pods)
      const namespaces = informers.informer<Namespace>(resources.namespaces)
      this.#world = { pods, namespaces }
      this.#stops.push(
        pods.listen(({ current, old }) => {
          if (matters(current, old)) this.#changed()
        }),
        namespaces.listen(({ current, old }) => {
          if (!deepEqual(current?.metadata.labels, old?.metadata.labels)) this.#changed()
        }),
      )
    }
    await Promise.all([this.#world.pods.synced, this.#world.namespaces.synced])
    this.#ready = true
    this.#changed()
  }
}

/** Most changes of pods say nothing that a policy would ask for. */
function matters(current: Pod | undefined, old: Pod | undefined): boolean {
  if (!current || !old) return true
  return (
    policyPodOf(current)?.ip !== policyPodOf(old)?.ip ||
    !deepEqual(current.metadata.labels, old.metadata.labels)
  )
}
