import { quantityMilliValue } from '../../../api/quantity.ts'
import type { PersistentVolumeClaim } from '../../../api/types/core-v1.ts'
import type { StorageClass } from '../../../api/types/storage-v1.ts'
import { storageClasses } from '../../../client/resources.ts'
import { lookUp, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import { refuse } from '../refuse.ts'

/** A claim grows only when it is bound and its storage class allows it. */
export class PersistentVolumeClaimResize implements AdmissionPlugin {
  readonly name = 'PersistentVolumeClaimResize'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (attributes.operation !== 'UPDATE' || !isResource(attributes, 'persistentvolumeclaims')) return
    const next = attributes.object as unknown as PersistentVolumeClaim
    const old = attributes.oldObject as unknown as PersistentVolumeClaim
    if (sizeOf(next) <= sizeOf(old)) return
    if (old.status?.phase !== 'Bound') {
      throw refuse(attributes, 'Only bound persistent volume claims can be expanded')
    }
    const name = classOf(next)
    const allowed = name && name === classOf(old) && this.#expands(name)
    if (!allowed) {
      throw refuse(
        attributes,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      )
    }
  }

  #expands(name: string): boolean {
    return lookUp<StorageClass>(this.#store, storageClasses, '', name)?.allowVolumeExpansion ?? false
  }
}

function sizeOf(claim: PersistentVolumeClaim): number {
  return quantityMilliValue(claim.spec?.resources?.requests?.storage)
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? ''
}
