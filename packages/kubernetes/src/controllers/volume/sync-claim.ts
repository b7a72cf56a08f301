import { quantityValue } from '../../api/quantity.ts'
import {
  bindCompletedAnnotation,
  boundByControllerAnnotation,
  claimClass,
  claimNameOf,
  isVolumeOfClaim,
  selectedNodeAnnotation,
  volumeClass,
} from '../../api/storage/claims.ts'
import { matchVolume } from '../../api/storage/match-volume.ts'
import { parseTime } from '../../api/time.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { StorageClass } from '../../api/types/storage-v1.ts'
import { persistentVolumeClaims } from '../../client/resources.ts'
import { bind, setClaimStatus } from './bind.ts'
import type { VolumeBinding } from './volume-binding.ts'
import {
  betaStorageProvisionerAnnotation,
  defaultClassAnnotations,
  storageProvisionerAnnotation,
} from './volume-names.ts'

/** Finds or orders a volume for a claim, or checks that a bound one still has its own. */
export async function syncClaim(binding: VolumeBinding, claim: PersistentVolumeClaim): Promise<void> {
  if (claim.metadata.annotations?.[bindCompletedAnnotation]) return syncBound(binding, claim)
  if (claim.spec?.volumeName) return syncRequested(binding, claim, claim.spec.volumeName)
  const { client, classes, volumes } = binding
  const className = claimClass(claim)
  const delayed = classes.get('', className)?.volumeBindingMode === 'WaitForFirstConsumer'
  const volume = matchVolume(claim, volumes.list(), { delayed })
  if (volume) return bind(client, volume, claim)
  if (await assignDefaultClass(binding, claim)) return
  if (delayed && !claim.metadata.annotations?.[selectedNodeAnnotation]) tellDelay(binding, claim)
  else if (className) return orderVolume(binding, claim, className)
  else {
    const message = 'no persistent volumes available for this claim and no storage class is set'
    binding.events.event({ ...claim }, 'Normal', 'FailedBinding', message)
  }
  await setClaimStatus(client, claim, 'Pending')
}

async function syncBound(
  { client, events, volumes }: VolumeBinding,
  claim: PersistentVolumeClaim,
): Promise<void> {
  const lose = async (reason: string, message: string): Promise<void> => {
    if (claim.status?.phase === 'Lost') return
    await setClaimStatus(client, claim, 'Lost')
    events.event({ ...claim }, 'Warning', reason, message)
  }
  const name = claim.spec?.volumeName
  if (!name) {
    const message = 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!'
    return lose('ClaimLost', message)
  }
  const volume = volumes.get('', name)
  if (!volume) {
    return lose('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  }
  const { claimRef } = volume.spec ?? {}
  if (claimRef && claimRef.uid !== claim.metadata.uid) {
    const message = 'Two claims are bound to the same volume, this one is bound incorrectly'
    return lose('ClaimMisbound', message)
  }
  await bind(client, volume, claim)
}

/** The user named a volume. */
async function syncRequested(
  { client, events, volumes }: VolumeBinding,
  claim: PersistentVolumeClaim,
  name: string,
): Promise<void> {
  const volume = volumes.get('', name)
  if (volume && isVolumeOfClaim(volume, claim)) return bind(client, volume, claim)
  if (volume && !volume.spec?.claimRef) {
    const mismatch = whyUnfit(volume, claim)
    if (!mismatch) return bind(client, volume, claim)
    const message = `Cannot bind to requested volume "${name}": ${mismatch}`
    events.event({ ...claim }, 'Warning', 'VolumeMismatch', message)
  } else if (volume) {
    const message = `volume "${name}" already bound to a different claim.`
    events.event({ ...claim }, 'Warning', 'FailedBinding', message)
    if (claim.metadata.annotations?.[boundByControllerAnnotation]) {
      const owner = `${volume.spec?.claimRef?.namespace}/${volume.spec?.claimRef?.name}`
      const key = `${claim.metadata.namespace}/${claim.metadata.name}`
      throw new Error(
        `invalid binding of claim "${key}" to volume "${name}": volume already claimed by "${owner}"`,
      )
    }
  }
  await setClaimStatus(client, claim, 'Pending')
}

function whyUnfit(
  { metadata, spec, ...volume }: PersistentVolume,
  claim: PersistentVolumeClaim,
): string | undefined {
  const wanted = claim.spec
  if (metadata.deletionTimestamp) return `the volume is marked for deletion "${metadata.name}"`
  if (quantityValue(spec?.capacity?.storage) < quantityValue(wanted?.resources?.requests?.storage)) {
    return 'requested PV is too small'
  }
  if (volumeClass({ ...volume, metadata, ...(spec && { spec }) }) !== claimClass(claim)) {
    return 'storageClassName does not match'
  }
  if ((wanted?.volumeAttributesClassName ?? '') !== (spec?.volumeAttributesClassName ?? '')) {
    return 'volumeAttributesClassName does not match'
  }
  if ((wanted?.volumeMode ?? 'Filesystem') !== (spec?.volumeMode ?? 'Filesystem')) {
    return 'incompatible volumeMode'
  }
  const offered = spec?.accessModes ?? []
  if (!(wanted?.accessModes ?? []).every((mode) => offered.includes(mode))) return 'incompatible accessMode'
  return undefined
}

/** A claim that named no class, not even the empty one, gets the default that has come up since. */
async function assignDefaultClass(
  { classes, client }: VolumeBinding,
  claim: PersistentVolumeClaim,
): Promise<boolean> {
  const beta = claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class']
  if (claim.spec?.storageClassName !== undefined || beta !== undefined) return false
  const name = defaultClass(classes.list())?.metadata.name
  if (!name) return false
  await client.update<PersistentVolumeClaim>(persistentVolumeClaims, {
    ...claim,
    spec: { ...claim.spec, storageClassName: name },
  })
  return true
}

/** The newest of those that are marked; of one age, the first by name. */
function defaultClass(classes: StorageClass[]): StorageClass | undefined {
  const isDefault = ({ metadata }: StorageClass): boolean =>
    defaultClassAnnotations.some((annotation) => metadata.annotations?.[annotation] === 'true')
  const age = ({ metadata }: StorageClass): number => parseTime(metadata.creationTimestamp) ?? 0
  return classes
    .filter(isDefault)
    .sort((a, b) => age(b) - age(a) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))[0]
}

function tellDelay({ events, pods }: VolumeBinding, claim: PersistentVolumeClaim): void {
  const waiting = pods
    .list(claim.metadata.namespace)
    .filter(
      (pod) =>
        !pod.spec?.nodeName &&
        pod.spec?.volumes?.some((volume) => claimNameOf(pod, volume)?.name === claim.metadata.name),
    )
    .map(({ metadata }) => metadata.name)
  if (waiting.length === 0) {
    const message = 'waiting for first consumer to be created before binding'
    events.event({ ...claim }, 'Normal', 'WaitForFirstConsumer', message)
    return
  }
  const message = `waiting for ${waiting.length > 1 ? 'pods' : 'pod'} ${waiting.join(',')} to be scheduled`
  events.event({ ...claim }, 'Normal', 'WaitForPodScheduled', message)
}

/** Tells the class's provisioner by an annotation that its work is wanted. */
async function orderVolume(
  { classes, client, events }: VolumeBinding,
  claim: PersistentVolumeClaim,
  className: string,
): Promise<void> {
  const provisioner = classes.get('', className)?.provisioner
  if (!provisioner) {
    const message = `storageclass.storage.k8s.io "${className}" not found`
    events.event({ ...claim }, 'Warning', 'ProvisioningFailed', message)
    return
  }
  if (provisioner === 'kubernetes.io/no-provisioner') {
    const message = `no volume plugin matched name: ${provisioner}`
    events.event({ ...claim }, 'Warning', 'ProvisioningFailed', message)
    return
  }
  const { annotations } = claim.metadata
  if (annotations?.[storageProvisionerAnnotation] !== provisioner) {
    await client.update<PersistentVolumeClaim>(persistentVolumeClaims, {
      ...claim,
      metadata: {
        ...claim.metadata,
        annotations: {
          ...annotations,
          [storageProvisionerAnnotation]: provisioner,
          [betaStorageProvisionerAnnotation]: provisioner,
        },
      },
    })
  }
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
  events.event({ ...claim }, 'Normal', 'ExternalProvisioning', message)
}
