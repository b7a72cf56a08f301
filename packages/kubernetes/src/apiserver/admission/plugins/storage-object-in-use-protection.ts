import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'

const finalizers = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
}

/** Volumes and claims in use are not deleted: a controller takes the finalizer off when they no longer are. */
export class StorageObjectInUseProtection implements AdmissionPlugin {
  readonly name = 'StorageObjectInUseProtection'

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const { operation, object } = attributes
    if (operation !== 'CREATE' || !object) return
    for (const [resource, finalizer] of Object.entries(finalizers)) {
      if (!isResource(attributes, resource)) continue
      const present = object.metadata?.finalizers ?? []
      if (!present.includes(finalizer)) {
        object.metadata = { ...object.metadata, finalizers: [...present, finalizer] }
      }
    }
  }
}
