import { quantityValue } from '../../api/quantity.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { persistentVolumeClaims, persistentVolumes } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { isHostPathVolume } from './hostpath-protocol.ts'

/** Directories have no size of their own: growing one is writing it down, first on the volume, then on the claim. */
export function startVolumeExpander(context: ControllerContext): Controller {
  const { client } = context
  const name = 'volume_expand'
  const events = context.recorder(name)
  const claims = context.informers.informer<PersistentVolumeClaim>(persistentVolumeClaims)
  const volumes = context.informers.informer<PersistentVolume>(persistentVolumes)
  const loop = createLoop(context, {
    name,
    caches: [claims, volumes],
    async reconcile(key) {
      const { namespace, name: claimName } = splitKey(key)
      const claim = claims.get(namespace, claimName)
      const volume = volumes.get('', claim?.spec?.volumeName ?? '')
      if (!claim || !volume || !wantsMore(claim) || !isHostPathVolume(volume)) return
      const storage = claim.spec?.resources?.requests?.storage ?? ''
      if (quantityValue(volume.spec?.capacity?.storage) < quantityValue(storage)) {
        await client.update<PersistentVolume>(persistentVolumes, {
          ...volume,
          spec: { ...volume.spec, capacity: { ...volume.spec?.capacity, storage } },
        })
      }
      const status = { ...claim.status, capacity: { ...claim.status?.capacity, storage } }
      await client.update<PersistentVolumeClaim>(
        persistentVolumeClaims,
        { ...claim, status },
        { subresource: 'status' },
      )
      const message = `ExpandVolume succeeded for volume ${key}`
      events.event({ ...claim }, 'Normal', 'VolumeResizeSuccessful', message)
    },
  })
  loop.listen(claims, ({ current }) => {
    if (current && wantsMore(current)) loop.queue.add(keyOf(current))
  })
  return loop
}

function wantsMore({ spec, status }: PersistentVolumeClaim): boolean {
  if (status?.phase !== 'Bound' || !status.capacity?.storage) return false
  return quantityValue(spec?.resources?.requests?.storage) > quantityValue(status.capacity.storage)
}
