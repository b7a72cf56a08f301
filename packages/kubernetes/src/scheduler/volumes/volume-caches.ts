import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { CSIDriver, CSINode, CSIStorageCapacity, StorageClass } from '../../api/types/storage-v1.ts'
import type { Informer } from '../../client/informer.ts'
import type { InformerFactory } from '../../client/informer-factory.ts'
import * as resources from '../../client/resources.ts'
import { Overlay } from './overlay.ts'

/** Everything about storage that the volume plugins look at. */
export interface VolumeCaches {
  readonly claims: Informer<PersistentVolumeClaim>
  readonly volumes: Informer<PersistentVolume>
  readonly classes: Informer<StorageClass>
  readonly csiNodes: Informer<CSINode>
  readonly csiDrivers: Informer<CSIDriver>
  readonly capacities: Informer<CSIStorageCapacity>
  /** With what is decided and not written yet. */
  readonly assumedClaims: Overlay<PersistentVolumeClaim>
  readonly assumedVolumes: Overlay<PersistentVolume>
  readonly synced: Promise<unknown>
}

export function volumeCaches(informers: InformerFactory): VolumeCaches {
  const claims = informers.informer<PersistentVolumeClaim>(resources.persistentVolumeClaims)
  const volumes = informers.informer<PersistentVolume>(resources.persistentVolumes)
  const classes = informers.informer<StorageClass>(resources.storageClasses)
  const csiNodes = informers.informer<CSINode>(resources.csiNodes)
  const csiDrivers = informers.informer<CSIDriver>(resources.csiDrivers)
  const capacities = informers.informer<CSIStorageCapacity>(resources.csiStorageCapacities)
  return {
    claims,
    volumes,
    classes,
    csiNodes,
    csiDrivers,
    capacities,
    assumedClaims: new Overlay(claims),
    assumedVolumes: new Overlay(volumes),
    synced: Promise.all(
      [claims, volumes, classes, csiNodes, csiDrivers, capacities].map(({ synced }) => synced),
    ),
  }
}
