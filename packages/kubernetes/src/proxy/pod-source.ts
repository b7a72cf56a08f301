import type { Pod } from '../api/types/core-v1.ts'
import { keyOf } from '../client/informer.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import * as resources from '../client/resources.ts'
import { hostPortFragment, hostPortFrontends } from './host-ports.ts'
import type { NftTable } from './nft/nft-table.ts'
import { type PolicyPod, policyPodOf } from './policy/policy-rules.ts'
import type { Source } from './sync-loop.ts'
import type { UdpFlows } from './udp-flows.ts'

export interface PodSourceOptions {
  informers: InformerFactory
  nodeName: string
  flows: UdpFlows
  onChange: () => void
}

/** The pods of this node: who has which address, and their host ports. */
export class PodSource implements Source {
  readonly synced: Promise<unknown>
  readonly #pods
  readonly #onChange: () => void
  readonly #flows: UdpFlows
  readonly #stop: () => void
  /** Addresses that the API server does not know yet, by pod. */
  readonly #early = new Map<string, { uid: string | undefined; ip: string }>()
  readonly #dirty = new Set<string>()
  /** Told of every change of a pod here. */
  readonly listeners = new Set<() => void>()

  constructor({ informers, nodeName, flows, onChange }: PodSourceOptions) {
    this.#onChange = onChange
    this.#flows = flows
    this.#pods = informers.informer<Pod>(resources.pods, { fieldSelector: `spec.nodeName=${nodeName}` })
    this.#stop = this.#pods.listen(({ current, old }) => {
      const key = keyOf(current ?? (old as Pod))
      const early = this.#early.get(key)
      if (early && (!current || early.uid !== current.metadata.uid || current.status?.podIP))
        this.#early.delete(key)
      this.#mark(key)
    })
    this.synced = this.#pods.synced
  }

  /** An address that a pod has just been given. */
  setAddress(namespace: string, name: string, ip: string): void {
    const key = `${namespace}/${name}`
    this.#early.set(key, { uid: this.#pods.get(namespace, name)?.metadata.uid, ip })
    this.#mark(key)
  }

  /** Pods with an address of their own. */
  list(): PolicyPod[] {
    return this.#pods.list().flatMap((pod) => this.#addressed(pod) ?? [])
  }

  update(table: NftTable): void {
    for (const key of this.#dirty) {
      this.#dirty.delete(key)
      const [namespace = '', name = ''] = key.split('/')
      const pod = this.#pods.get(namespace, name)
      const addressed = pod && this.#addressed(pod)
      const owner = `host ports ${key}`
      table.set(owner, addressed && hostPortFragment(addressed.pod, addressed.ip))
      this.#flows.set(owner, addressed ? hostPortFrontends(addressed.pod, addressed.ip) : [])
    }
  }

  stop(): void {
    this.#stop()
  }

  #addressed(pod: Pod): PolicyPod | undefined {
    const known = policyPodOf(pod)
    if (known) return known
    const early = this.#early.get(keyOf(pod))
    return early && policyPodOf({ ...pod, status: { ...pod.status, podIP: early.ip } })
  }

  #mark(key: string): void {
    this.#dirty.add(key)
    for (const listener of this.listeners) listener()
    this.#onChange()
  }
}
