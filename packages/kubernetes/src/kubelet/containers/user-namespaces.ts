import { createHash } from 'node:crypto'
import type { Init } from '@minikube-ts/cri/call.ts'
import { NamespaceMode, type UserNamespace } from '@minikube-ts/cri/generated/runtime-v1.ts'
import type { NodePod } from '../pods/node-pod.ts'
import type { NodeFacts } from './node-facts.ts'

const idsPerPod = 65_536
const slotCount = 60_000

/** Gives pods that do not want to be the node's users (hostUsers: false) a range of user and group ids of their own. */
export class UserNamespaces {
  private readonly facts: Pick<NodeFacts, 'supports'>
  private readonly slots = new Map<string, number>()

  constructor(facts: Pick<NodeFacts, 'supports'>) {
    this.facts = facts
  }

  /** @throws Error when the runtime cannot do it */
  of(pod: NodePod, handler: string): Init<UserNamespace> {
    if (pod.spec.hostUsers !== false) return { mode: NamespaceMode.NODE }
    if (!this.facts.supports(handler, 'userNamespaces')) {
      throw new Error(
        handler
          ? `RuntimeClass handler "${handler}" does not support user namespaces`
          : 'runtime does not support user namespaces',
      )
    }
    const slot = this.slot(pod.metadata.uid)
    const mapping = [{ hostId: slot * idsPerPod, containerId: 0, length: idsPerPod }]
    return { mode: NamespaceMode.POD, uids: mapping, gids: mapping }
  }

  release(uid: string): void {
    this.slots.delete(uid)
  }

  /**
   * The same pod gets the same slot again after a restart, as it follows from its uid. Slot 0 is the node's own, and the
   * last ones of the 32 bits are left to others.
   */
  private slot(uid: string): number {
    const known = this.slots.get(uid)
    if (known !== undefined) return known
    const taken = new Set(this.slots.values())
    let slot = 1 + (createHash('sha256').update(uid).digest().readUInt32BE(0) % slotCount)
    while (taken.has(slot)) slot = 1 + (slot % slotCount)
    this.slots.set(uid, slot)
    return slot
  }
}
