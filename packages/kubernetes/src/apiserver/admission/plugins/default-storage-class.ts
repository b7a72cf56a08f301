import type { PersistentVolumeClaim } from '../../../api/types/core-v1.ts'
import type { StorageClass } from '../../../api/types/storage-v1.ts'
import { storageClasses } from '../../../client/resources.ts'
import { lookUpAll, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import { newestDefault } from '../newest-default.ts'

/** Claims that name no storage class get the default one. */
export class DefaultStorageClass implements AdmissionPlugin {
  readonly name = 'DefaultStorageClass'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (attributes.operation !== 'CREATE' || !isResource(attributes, 'persistentvolumeclaims')) return
    const { spec, metadata } = attributes.object as unknown as PersistentVolumeClaim
    const annotated = metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined
    // An empty name is a choice too.
    if (!spec || annotated || (spec.storageClassName !== undefined && spec.storageClassName !== null)) return
    const found = newestDefault(
      lookUpAll<StorageClass>(this.#store, storageClasses),
      'storageclass.kubernetes.io/is-default-class',
      'storageclass.beta.kubernetes.io/is-default-class',
    )
    if (found?.metadata?.name) spec.storageClassName = found.metadata.name
  }
}
