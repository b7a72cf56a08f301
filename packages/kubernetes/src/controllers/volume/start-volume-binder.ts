import { claimNameOf } from '../../api/storage/claims.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { StorageClass } from '../../api/types/storage-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { syncClaim } from './sync-claim.ts'
import { syncVolume } from './sync-volume.ts'
import type { VolumeBinding } from './volume-binding.ts'

const claimPrefix = 'claim '
const volumePrefix = 'volume '

/** Brings claims and volumes together; keys are `claim <namespace>/<name>` and `volume <name>`. */
export function startVolumeBinder(context: ControllerContext): Controller {
  const name = 'persistentvolume-controller'
  const claims = context.informers.informer<PersistentVolumeClaim>(persistentVolumeClaims)
  const volumes = context.informers.informer<PersistentVolume>(persistentVolumes)
  const classes = context.informers.informer<StorageClass>(storageClasses)
  const pods = podInformer(context)
  const caches = [claims, volumes, classes, pods]
  // One at a time: two claims must not choose the same volume.
  const loop = createLoop(context, { name, caches, workers: 1, reconcile })
  const binding: VolumeBinding = {
    client: context.client,
    events: context.recorder(name),
    claims,
    volumes,
    classes,
    pods,
    wakeClaim: (namespace, claim) => loop.queue.add(`${claimPrefix}${namespace}/${claim}`),
  }

  function wakePending(): void {
    for (const claim of claims.list()) {
      if (claim.status?.phase !== 'Bound') loop.queue.add(claimPrefix + keyOf(claim))
    }
  }

  loop.listen(claims, ({ current, old }) => {
    const claim = (current ?? old) as PersistentVolumeClaim
    if (current) loop.queue.add(claimPrefix + keyOf(current))
    else if (claim.spec?.volumeName) loop.queue.add(volumePrefix + claim.spec.volumeName)
  })
  loop.listen(volumes, ({ current, old }) => {
    const volume = (current ?? old) as PersistentVolume
    if (current) loop.queue.add(volumePrefix + current.metadata.name)
    const { namespace, name: claim } = volume.spec?.claimRef ?? {}
    if (claim) binding.wakeClaim(namespace ?? '', claim)
    // Free again, or new: somebody may be waiting for such a one.
    else if (current?.status?.phase === 'Available' && old?.status?.phase !== 'Available') wakePending()
    if (old) wakeBoundTo(old)
  })
  loop.listen(classes, ({ current, old }) => {
    if (current && !old) wakePending()
    else if (current && old?.metadata.resourceVersion !== current.metadata.resourceVersion) wakePending()
  })
  // A claim says which pods it waits for.
  loop.listen(pods, ({ current, old }) => {
    if (!current || old) return
    for (const volume of current.spec?.volumes ?? []) {
      const claim = claimNameOf(current, volume)?.name
      const namespace = current.metadata.namespace ?? ''
      if (claim && claims.get(namespace, claim)?.status?.phase !== 'Bound')
        binding.wakeClaim(namespace, claim)
    }
  })

  /** A claim that names this volume has to notice when the volume's own reference changes. */
  function wakeBoundTo({ metadata, spec }: PersistentVolume): void {
    const { namespace = '', name: claim } = spec?.claimRef ?? {}
    if (claim && claims.get(namespace, claim)?.spec?.volumeName === metadata.name) {
      binding.wakeClaim(namespace, claim)
    }
  }

  async function reconcile(key: string): Promise<void> {
    if (key.startsWith(claimPrefix)) {
      const { namespace, name: claimName } = splitKey(key.slice(claimPrefix.length))
      const claim = claims.get(namespace, claimName)
      if (claim) await syncClaim(binding, claim)
    } else {
      const volume = volumes.get('', key.slice(volumePrefix.length))
      if (volume) await syncVolume(binding, volume)
    }
  }

  return loop
}
