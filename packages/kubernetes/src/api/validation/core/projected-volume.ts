import type {
  ClusterTrustBundleProjection,
  PodCertificateProjection,
  ProjectedVolumeSource,
} from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isQualifiedName } from '../formats.ts'
import { validateLabelSelector } from '../labels.ts'
import { validateFileMode, validateFilePath } from './paths.ts'
import { trustBundleNameProblems, validateSignerName } from './signer-name.ts'
import { validateDownwardFile, validateKeyPaths } from './volumes.ts'

/** A volume of several sources: no two may write the same file. */
export function validateProjectedVolume(volume: ProjectedVolumeSource, field: Field): void {
  validateFileMode(volume.defaultMode, field.at('defaultMode'))
  const paths = new Set<string>()
  const claim = (path: string | undefined, owner: string): void => {
    if (!path) return
    if (paths.has(path)) field.invalid(owner, 'conflicting duplicate paths')
    paths.add(path)
  }
  for (const [index, source] of (volume.sources ?? []).entries()) {
    const here = field.at('sources').index(index)
    const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
    for (const [kind, projection] of Object.entries({ secret, configMap })) {
      if (!projection) continue
      if (!projection.name) here.at(kind, 'name').required()
      validateKeyPaths(projection.items ?? [], here.at(kind, 'items'))
      for (const { path } of projection.items ?? []) claim(path, projection.name ?? '')
    }
    for (const file of downwardAPI?.items ?? []) {
      validateDownwardFile(file, here.at('downwardAPI'))
      claim(file.path, file.path)
    }
    if (serviceAccountToken) {
      const { expirationSeconds = 3600, path } = serviceAccountToken
      const at = here.at('serviceAccountToken', 'expirationSeconds')
      if (expirationSeconds < 600)
        at.invalid(expirationSeconds, 'may not specify a duration less than 10 minutes')
      if (expirationSeconds > 2 ** 32)
        at.invalid(expirationSeconds, 'may not specify a duration larger than 2^32 seconds')
      if (path) validateFilePath(path, field.at('path'))
      else field.at('path').required()
    }
    if (clusterTrustBundle) {
      validateTrustBundle(clusterTrustBundle, here.at('clusterTrustBundle'))
      claim(clusterTrustBundle.path, clusterTrustBundle.path)
    }
    if (podCertificate) validatePodCertificate(podCertificate, here.at('podCertificate'), claim)
    if (Object.values(source).filter((kind) => kind !== undefined).length > 1)
      here.forbidden('may not specify more than 1 volume type per source')
  }
}

function validateTrustBundle(bundle: ClusterTrustBundleProjection, field: Field): void {
  const { name, signerName, labelSelector, path } = bundle
  if (name !== undefined && signerName !== undefined)
    field.invalid(bundle, 'only one of name and signerName may be used')
  else if (name !== undefined) {
    if (!name) field.at('name').required('must be a valid object name')
    const signer = name.includes(':') ? name.slice(0, name.lastIndexOf(':')).replaceAll(':', '/') : ''
    for (const message of trustBundleNameProblems(name, signer))
      field.at('name').invalid(name, `not a valid clustertrustbundlename: ${message}`)
    if (labelSelector)
      field.at('labelSelector').invalid(labelSelector, 'labelSelector must be unset if name is specified')
  } else if (signerName !== undefined) {
    if (!signerName) field.at('signerName').required('must be a valid signer name')
    validateSignerName(signerName, field.at('signerName'))
    validateLabelSelector(labelSelector, field.at('labelSelector'))
  } else field.required('either name or signerName must be specified')
  if (!path) field.at('path').required()
  validateFilePath(path ?? '', field.at('path'))
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']
const day = 24 * 60 * 60

function validatePodCertificate(
  certificate: PodCertificateProjection,
  field: Field,
  claim: (path: string | undefined, owner: string) => void,
): void {
  const { signerName, keyType, maxExpirationSeconds, userAnnotations } = certificate
  validateSignerName(signerName, field.at('signerName'))
  for (const key of Object.keys(userAnnotations ?? {})) {
    const messages = isQualifiedName(key.toLowerCase())
    const at = field.at('userAnnotations')
    at.check(key.toLowerCase(), messages)
    if (messages.length === 0 && !key.includes('/'))
      at.invalid(key.toLowerCase(), 'must be a domain-prefixed key (such as "acme.io/foo")')
  }
  if (!keyTypes.includes(keyType)) field.at('keyType').notSupported(keyType, keyTypes)
  if (maxExpirationSeconds !== undefined) {
    const at = field.at('maxExpirationSeconds')
    const most = signerName.startsWith('kubernetes.io/') ? day : 91 * day
    if (maxExpirationSeconds < 3600)
      at.invalid(maxExpirationSeconds, 'if provided, maxExpirationSeconds must be >= 3600')
    if (maxExpirationSeconds > most)
      at.invalid(maxExpirationSeconds, `if provided, maxExpirationSeconds must be <= ${most}`)
  }
  let paths = 0
  for (const name of ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const) {
    const path = certificate[name]
    if (!path) continue
    paths++
    validateFilePath(path, field.at(name))
    claim(path, path)
  }
  if (paths === 0)
    field.required('specify at least one of credentialBundlePath, keyPath, and certificateChainPath')
}
