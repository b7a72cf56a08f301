export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by'
export const storageProvisionerAnnotation = 'volume.kubernetes.io/storage-provisioner'
export const betaStorageProvisionerAnnotation = 'volume.beta.kubernetes.io/storage-provisioner'
export const claimProtectionFinalizer = 'kubernetes.io/pvc-protection'
export const volumeProtectionFinalizer = 'kubernetes.io/pv-protection'
export const attributesProtectionFinalizer = 'kubernetes.io/vac-protection'
export const defaultClassAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]
