import { isReason } from '../../api/api-error.ts'
import { claimClass, selectedNodeAnnotation } from '../../api/storage/claims.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { StorageClass } from '../../api/types/storage-v1.ts'
import { isConditionTrue } from '../../client/conditions.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { ensureHostPathObjects } from './hostpath-objects.ts'
import {
  cleanupFinalizer,
  directoryFor,
  hostPathProvisioner,
  isHostPathVolume,
  nodeAnnotation,
  withoutCleanupFinalizer,
} from './hostpath-protocol.ts'
import { provisionedByAnnotation, storageProvisionerAnnotation } from './volume-names.ts'

const claimPrefix = 'claim '
const volumePrefix = 'volume '
const objectsKey = 'objects'

/**
 * Makes volumes that are directories on a node (see hostpath-protocol.ts), and at the start the class `standard` that
 * asks for them. Keys are `claim <namespace>/<name>` and `volume <name>`.
 */
export function startHostPathProvisioner(context: ControllerContext, baseDir: string): Controller {
  const { client } = context
  const events = context.recorder(hostPathProvisioner)
  const claims = context.informers.informer<PersistentVolumeClaim>(persistentVolumeClaims)
  const volumes = context.informers.informer<PersistentVolume>(persistentVolumes)
  const classes = context.informers.informer<StorageClass>(storageClasses)
  const nodeCache = context.informers.informer<Node>(nodes)
  const caches = [claims, volumes, classes, nodeCache]
  const loop = createLoop(context, { name: 'hostpath-provisioner', caches, reconcile })
  loop.queue.add(objectsKey)

  loop.listen(claims, ({ current }) => {
    if (current && isWaiting(current)) loop.queue.add(claimPrefix + keyOf(current))
  })
  loop.listen(volumes, ({ current }) => {
    if (current && isHostPathVolume(current)) loop.queue.add(volumePrefix + current.metadata.name)
  })
  loop.listen(nodeCache, ({ current, old }) => {
    if (current && old) return
    // A claim may wait for any node, a volume for the end of its own.
    for (const claim of claims.list()) if (isWaiting(claim)) loop.queue.add(claimPrefix + keyOf(claim))
    for (const volume of volumes.list()) {
      if (isHostPathVolume(volume)) loop.queue.add(volumePrefix + volume.metadata.name)
    }
  })

  async function reconcile(key: string): Promise<void> {
    if (key === objectsKey) return ensureHostPathObjects(client)
    if (key.startsWith(volumePrefix)) {
      const volume = volumes.get('', key.slice(volumePrefix.length))
      return volume && reclaim(volume)
    }
    const { namespace, name } = splitKey(key.slice(claimPrefix.length))
    const claim = claims.get(namespace, name)
    if (claim && isWaiting(claim)) await provision(claim)
  }

  async function provision(claim: PersistentVolumeClaim): Promise<void> {
    const storageClass = classes.get('', claimClass(claim))
    const node = storageClass && chooseNode(claim, storageClass)
    if (!storageClass || !node) return
    const key = keyOf(claim)
    if (claim.spec?.volumeMode === 'Block') {
      const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": block volumes are not supported`
      events.event({ ...claim }, 'Warning', 'ProvisioningFailed', message)
      return
    }
    const message = `External provisioner is provisioning volume for claim "${key}"`
    events.event({ ...claim }, 'Normal', 'Provisioning', message)
    const volume = newVolume(claim, storageClass, node, baseDir)
    try {
      await client.create(persistentVolumes, undefined, volume)
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
    }
    const done = `Successfully provisioned volume ${volume.metadata.name}`
    events.event({ ...claim }, 'Normal', 'ProvisioningSucceeded', done)
  }

  /** The scheduler's choice; a class that does not wait for it gets any node that is ready. */
  function chooseNode(claim: PersistentVolumeClaim, { volumeBindingMode }: StorageClass): Node | undefined {
    const selected = claim.metadata.annotations?.[selectedNodeAnnotation]
    if (selected) return nodeCache.get('', selected)
    if (volumeBindingMode === 'WaitForFirstConsumer') return undefined
    const all = nodeCache.list()
    return all.find(({ status }) => isConditionTrue(status?.conditions, 'Ready')) ?? all[0]
  }

  async function reclaim(volume: PersistentVolume): Promise<void> {
    const { metadata, spec, status } = volume
    try {
      if (!metadata.deletionTimestamp) {
        if (status?.phase !== 'Released' || spec?.persistentVolumeReclaimPolicy !== 'Delete') return
        await client.delete(persistentVolumes, undefined, metadata.name ?? '')
      } else if (
        metadata.finalizers?.includes(cleanupFinalizer) &&
        !nodeCache.get('', metadata.annotations?.[nodeAnnotation] ?? '')
      ) {
        await client.update(persistentVolumes, withoutCleanupFinalizer(volume))
      }
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  return loop
}

/** It is ours to provide for and has no volume yet. */
function isWaiting({ metadata, spec }: PersistentVolumeClaim): boolean {
  return (
    !spec?.volumeName &&
    !metadata.deletionTimestamp &&
    metadata.annotations?.[storageProvisionerAnnotation] === hostPathProvisioner
  )
}

function newVolume(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  node: Node,
  baseDir: string,
): PersistentVolume {
  const { namespace, name: claimName, uid, resourceVersion } = claim.metadata
  const name = `pvc-${uid}`
  const nodeName = node.metadata.name ?? ''
  const hostname = node.metadata.labels?.['kubernetes.io/hostname'] ?? nodeName
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { [provisionedByAnnotation]: hostPathProvisioner, [nodeAnnotation]: nodeName },
      finalizers: [cleanupFinalizer],
    },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.storage ?? '0' },
      accessModes: claim.spec?.accessModes ?? ['ReadWriteOnce'],
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace,
        name: claimName,
        uid,
        resourceVersion,
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name ?? '',
      ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
      volumeMode: 'Filesystem',
      hostPath: { path: directoryFor(baseDir, name, claim), type: 'DirectoryOrCreate' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }],
            },
          ],
        },
      },
    },
  }
}
