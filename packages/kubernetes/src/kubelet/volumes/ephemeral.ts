import type { EphemeralVolumeSource, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import { isControlledBy } from '../../client/owner-reference.ts'
import { persistentVolumeClaims } from '../../client/resources.ts'
import { setUpClaim } from './persistent-volume.ts'
import type { SetUpVolume } from './volume-plugin.ts'

/** A claim that a controller made for this pod alone, `POD-VOLUME`. */
export const setUpEphemeral: SetUpVolume<EphemeralVolumeSource> = async (context, pod, name) => {
  const claimName = `${pod.metadata.name}-${name}`
  const { namespace } = pod.metadata
  const claim = await context.client?.get<PersistentVolumeClaim>(persistentVolumeClaims, namespace, claimName)
  if (claim && !isControlledBy(claim, pod)) {
    throw new Error(
      `PVC ${namespace}/${claimName} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`,
    )
  }
  return setUpClaim(context, pod, name, { claimName })
}
