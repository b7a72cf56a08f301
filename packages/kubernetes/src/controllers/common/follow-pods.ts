import { deepEqual } from '../../api/json.ts'
import type { ObjectMeta, OwnerReference } from '../../api/kube-object.ts'
import type { LabelMatcher } from '../../api/label-selector.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { type Informer, keyOf } from '../../client/informer.ts'
import { controllerOf } from '../../client/owner-reference.ts'
import type { Expectations } from './expectations.ts'
import type { Loop } from './loop.ts'

export interface FollowPodsOptions<T extends { metadata: ObjectMeta }> {
  pods: Informer<Pod>
  owners: Informer<T>
  /** Of the owners. */
  kind: string
  matcher(owner: T): LabelMatcher
  /** Told of pods that come, and of those that go or begin to. */
  expectations?: Expectations
}

/** Queues the owner of each pod that changes; for pods without one, those who might adopt it. */
export function followPods<T extends { metadata: ObjectMeta }>(
  loop: Loop,
  options: FollowPodsOptions<T>,
): void {
  const { pods, owners, kind, matcher, expectations } = options

  function ownerOf(pod: Pod, reference: OwnerReference | undefined): T | undefined {
    if (reference?.kind !== kind) return undefined
    const owner = owners.get(pod.metadata.namespace ?? '', reference.name)
    return owner?.metadata.uid === reference.uid ? owner : undefined
  }

  loop.listen(pods, ({ current, old }) => {
    const pod = (current ?? old) as Pod
    const reference = controllerOf(pod)
    const owner = ownerOf(pod, reference)
    if (!current || current.metadata.deletionTimestamp) {
      if (!owner) return
      expectations?.deleted(keyOf(owner), pod.metadata.uid ?? '')
      loop.queue.add(keyOf(owner))
      return
    }
    const before = old && controllerOf(old)
    const moved = old !== undefined && before?.uid !== reference?.uid
    const previous = moved ? ownerOf(old, before) : undefined
    if (previous) loop.queue.add(keyOf(previous))
    if (owner) {
      if (!old) expectations?.created(keyOf(owner))
      loop.queue.add(keyOf(owner))
    } else if (!reference && (!old || moved || !deepEqual(old.metadata.labels, current.metadata.labels))) {
      for (const candidate of owners.list(current.metadata.namespace)) {
        if (matcher(candidate)(current.metadata.labels)) loop.queue.add(keyOf(candidate))
      }
    }
  })
}
