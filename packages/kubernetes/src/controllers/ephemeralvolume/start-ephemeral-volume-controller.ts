import { isReason } from '../../api/api-error.ts'
import type { PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { controllerRef, isControlledBy } from '../../client/owner-reference.ts'
import { persistentVolumeClaims } from '../../client/resources.ts'
import { errorMessage } from '../common/errors.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** Makes the claims of generic ephemeral volumes; they go with their pods. Keys are those of pods. */
export function startEphemeralVolumeController(context: ControllerContext): Controller {
  const name = 'ephemeral_volume'
  const { client } = context
  const events = context.recorder(name)
  const cache = podInformer(context)
  const claims = context.informers.informer<PersistentVolumeClaim>(persistentVolumeClaims)
  const loop = createLoop(context, { name, caches: [cache, claims], reconcile })
  const wake = (pod: Pod | undefined): void => {
    if (pod && !pod.metadata.deletionTimestamp && ephemeralVolumes(pod).length > 0) loop.queue.add(keyOf(pod))
  }
  loop.listen(cache, ({ current, old }) => {
    if (!old) wake(current)
  })
  // A claim that went away while its pod is there.
  loop.listen(claims, ({ current, old }) => {
    const owner = current ? undefined : old?.metadata.ownerReferences?.find(({ kind }) => kind === 'Pod')
    if (owner) wake(cache.get(old?.metadata.namespace ?? '', owner.name))
  })

  async function reconcile(key: string): Promise<void> {
    const { namespace, name: podName } = splitKey(key)
    const pod = cache.get(namespace, podName)
    if (!pod || pod.metadata.deletionTimestamp) return
    for (const volume of ephemeralVolumes(pod)) {
      try {
        await ensureClaim(pod, volume)
      } catch (error) {
        if (!isReason(error, 'AlreadyExists')) {
          const message = `ephemeral volume ${volume.name}: ${errorMessage(error)}`
          events.event({ ...pod }, 'Warning', 'EphemeralVolumeCreateFailed', message)
        }
        throw error
      }
    }
  }

  async function ensureClaim(pod: Pod, { name: volumeName, ephemeral }: Volume): Promise<void> {
    const { namespace = '' } = pod.metadata
    const claimName = `${pod.metadata.name}-${volumeName}`
    const existing = claims.get(namespace, claimName)
    if (existing) {
      if (isControlledBy(existing, pod)) return
      throw new Error(
        `PVC "${namespace}/${claimName}" was not created for pod "${namespace}/${pod.metadata.name}" (pod is not owner)`,
      )
    }
    const template = ephemeral?.volumeClaimTemplate
    const { labels, annotations } = template?.metadata ?? {}
    const claim: PersistentVolumeClaim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: claimName,
        namespace,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ownerReferences: [controllerRef(pod, 'v1', 'Pod')],
      },
      ...(template?.spec && { spec: template.spec }),
    }
    await client.create(persistentVolumeClaims, namespace, claim)
  }

  return loop
}

function ephemeralVolumes({ spec }: Pod): Volume[] {
  return (spec?.volumes ?? []).filter(({ ephemeral }) => ephemeral !== undefined)
}
