import type { KubeObject, StoredKubeObject } from '../../../api/kube-object.ts'
import { apiVersionOf } from '../../../api/resource-info.ts'
import type { ResourceCatalog } from '../../registry/resource-catalog.ts'
import type { ServedResource } from '../../registry/served-resource.ts'
import type { AdmissionAttributes } from '../admission-plugin.ts'

/** The same resource in the other versions that it is served in. */
export function equivalentResources(
  catalog: ResourceCatalog,
  { resource }: AdmissionAttributes,
): ServedResource[] {
  return [...catalog.all()].filter(
    ({ info }) =>
      info.group === resource.group &&
      info.resource === resource.resource &&
      info.version !== resource.version,
  )
}

/** An object in another version of its resource, by way of the version that it is stored in. */
export async function inVersion(
  catalog: ResourceCatalog,
  attributes: AdmissionAttributes,
  target: ServedResource,
  object: KubeObject | undefined,
): Promise<KubeObject | undefined> {
  if (!object || object.apiVersion === apiVersionOf(target.info)) return object
  const own = catalog.find(attributes.resource)
  const stored = own?.conversion ? await own.conversion.toStorage(object as StoredKubeObject) : object
  if (!target.conversion) return { ...stored, apiVersion: apiVersionOf(target.info) }
  return (await target.conversion.fromStorage([stored as StoredKubeObject]))[0]
}
