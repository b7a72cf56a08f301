import { deepEqual } from '../../api/json.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import { apiVersionOf } from '../../api/resource-info.ts'
import type { ResourceCatalog } from '../registry/resource-catalog.ts'
import type { ServedResource } from '../registry/served-resource.ts'
import type { AdmissionAttributes } from './admission-plugin.ts'
import { replaceObject } from './replace-object.ts'
import type { ReviewSubject } from './webhooks/admission-review.ts'

type Subject = Pick<AdmissionAttributes, 'resource'>

/** The same resource in the other versions that it is served in. */
export function equivalentResources(catalog: ResourceCatalog, { resource }: Subject): ServedResource[] {
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
  { resource }: Subject,
  target: ServedResource,
  object: KubeObject | undefined,
): Promise<KubeObject | undefined> {
  if (!object || object.apiVersion === apiVersionOf(target.info)) return object
  const own = catalog.find(resource)
  // Subresources such as scales have kinds of their own, which are the same for all versions.
  if (!own || object.kind !== own.info.kind) return object
  const stored = own.conversion ? await own.conversion.toStorage({ ...object } as StoredKubeObject) : object
  if (!target.conversion) return { ...stored, apiVersion: apiVersionOf(target.info) }
  return (await target.conversion.fromStorage([{ ...stored } as StoredKubeObject]))[0]
}

/** A request with its objects in another version. */
export async function subjectIn(
  catalog: ResourceCatalog,
  attributes: AdmissionAttributes,
  target: ServedResource,
): Promise<ReviewSubject> {
  return {
    attributes,
    resource: target.info,
    object: await inVersion(catalog, attributes, target, attributes.object),
    oldObject: await inVersion(catalog, attributes, target, attributes.oldObject),
  }
}

/**
 * Changes a request's object in another version of its resource. `change` gets the object and returns a new one, which
 * may leave out what has a default, and have what is not known. Resolves to whether there was a change.
 */
export async function changeInVersion(
  catalog: ResourceCatalog,
  attributes: AdmissionAttributes,
  target: ServedResource,
  change: (object: KubeObject) => KubeObject,
): Promise<boolean> {
  const { object, subresource } = attributes
  if (!object) return false
  const seen = (await inVersion(catalog, attributes, target, object))!
  const changed = change(seen)
  const isOther = target.info.subresources.some(({ name, kind }) => name === subresource && kind)
  const shaped = isOther ? changed : inShape(target, changed)
  if (deepEqual(shaped, seen)) return false
  const own = catalog.find(attributes.resource)
  const result = own && (await inVersion(catalog, { resource: target.info }, own, shaped))
  replaceObject(object, result ?? shaped)
  return true
}

function inShape(resource: ServedResource, object: KubeObject): KubeObject {
  const { apiVersion, kind } = object
  const shaped = resource.conform(object)
  Object.assign(shaped, { apiVersion, kind })
  resource.setDefaults(shaped)
  return shaped
}
