import { chmod, mkdir, stat } from 'node:fs/promises'
import type {
  HostPathVolumeSource,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimVolumeSource,
} from '../../api/types/core-v1.ts'
import { persistentVolumeClaims, persistentVolumes } from '../../client/resources.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { setUpHostPath } from './host-path.ts'
import { applyFsGroup } from './ownership.ts'
import type { MountedVolume, SetUpVolume, VolumeContext } from './volume-plugin.ts'

const gidAnnotation = 'pv.beta.kubernetes.io/gid'
const provisionedAnnotation = 'pv.kubernetes.io/provisioned-by'

/** A claim's volume: the kinds that live on this node, which are those of a local cluster. */
export const setUpClaim: SetUpVolume<PersistentVolumeClaimVolumeSource> = async (
  context,
  pod,
  name,
  source,
) => {
  const volume = await boundVolume(context, pod, source.claimName)
  const { accessModes = [], volumeMode } = volume.spec ?? {}
  const block = volumeMode === 'Block'
  const mounted = await setUpSource(context, pod, name, volume)
  const readOnly =
    source.readOnly === true ||
    (accessModes.length > 0 && accessModes.every((mode) => mode === 'ReadOnlyMany'))
  if (!block && !readOnly && volume.spec?.local) await applyFsGroup(pod, mounted.path, false)
  const gid = Number(volume.metadata.annotations?.[gidAnnotation] ?? Number.NaN)
  return { ...mounted, readOnly, block, ...(!Number.isNaN(gid) && { gid }) }
}

/** @throws Error that says why the claim cannot be used now */
async function boundVolume(
  context: VolumeContext,
  pod: NodePod,
  claimName: string,
): Promise<PersistentVolume> {
  const { client } = context
  if (!client) throw new Error('persistent volumes need an API server')
  const { namespace } = pod.metadata
  const claim = await client.get<PersistentVolumeClaim>(persistentVolumeClaims, namespace, claimName)
  const volumeName = claim.spec?.volumeName
  if (claim.status?.phase !== 'Bound' || !volumeName) {
    throw new Error(
      `PVC ${namespace}/${claimName} has non-bound phase ("${claim.status?.phase ?? ''}") or empty pvc.Spec.VolumeName ("${volumeName ?? ''}")`,
    )
  }
  if (claim.metadata.deletionTimestamp) throw new Error(`PVC ${namespace}/${claimName} is being deleted`)
  const volume = await client.get<PersistentVolume>(persistentVolumes, undefined, volumeName)
  const claimRef = volume.spec?.claimRef
  if (claimRef?.uid !== claim.metadata.uid) {
    throw new Error(
      `PV "${volumeName}" spec.ClaimRef.UID ("${claimRef?.uid ?? ''}") does not match PVC UID ("${claim.metadata.uid ?? ''}")`,
    )
  }
  return volume
}

async function setUpSource(
  context: VolumeContext,
  pod: NodePod,
  name: string,
  volume: PersistentVolume,
): Promise<MountedVolume> {
  const { hostPath, local } = volume.spec ?? {}
  if (hostPath) {
    // Made for whoever claims it, root or not: minikube's provisioner gives everybody the right to write.
    if (volume.metadata.annotations?.[provisionedAnnotation]) await makeOpenDirectory(hostPath)
    return setUpHostPath(context, pod, name, hostPath)
  }
  if (local) return setUpLocal(local.path)
  const kind = Object.keys(volume.spec ?? {}).find((key) => !plainFields.has(key))
  throw new Error(`no volume plugin matched for ${kind ?? 'the volume'}`)
}

const plainFields = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
])

async function makeOpenDirectory({ path, type }: HostPathVolumeSource): Promise<void> {
  if (type !== 'DirectoryOrCreate') return
  if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, 0o777)
}

async function setUpLocal(path: string): Promise<MountedVolume> {
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new Error(`path "${path}" does not exist`)
  return { path, readOnly: false, block: found.isBlockDevice() }
}
