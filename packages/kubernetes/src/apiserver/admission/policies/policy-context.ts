import type { Namespace } from '../../../api/types/core-v1.ts'
import { namespaces } from '../../../client/resources.ts'
import type { Auth } from '../../auth/auth.ts'
import { lookUp, type StoreReader } from '../../auth/store-reader.ts'
import type { ResourceCatalog } from '../../registry/resource-catalog.ts'
import type { AdmissionAttributes } from '../admission-plugin.ts'

/** What policies need to know of the server. */
export interface PolicyContext {
  store: StoreReader
  catalog: ResourceCatalog
  auth: Pick<Auth, 'authorizer'>
}

/**
 * Requests that no policy is asked about: a policy must not keep itself from being mended, and reviews of who may do what
 * have to work.
 */
export function isExcluded({ resource: { group, resource } }: AdmissionAttributes): boolean {
  switch (group) {
    case 'admissionregistration.k8s.io':
      return /^(validating|mutating)admissionpolic(ies|ybindings)$/.test(resource)
    case 'authentication.k8s.io':
      return resource === 'selfsubjectreviews' || resource === 'tokenreviews'
    case 'authorization.k8s.io':
      return /(access|rules)reviews$/.test(resource)
    default:
      return false
  }
}

/** The variable `namespaceObject`; a namespace itself has none. */
export function namespaceOf(
  store: StoreReader,
  { resource, namespace }: AdmissionAttributes,
): Namespace | undefined {
  if (!namespace || (resource.group === '' && resource.kind === 'Namespace')) return undefined
  return lookUp<Namespace>(store, namespaces, '', namespace)
}
