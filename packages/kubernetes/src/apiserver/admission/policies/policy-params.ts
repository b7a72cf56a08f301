import type { KubeObject, StoredKubeObject } from '../../../api/kube-object.ts'
import { labelMatcher } from '../../../api/label-selector.ts'
import type { ParamKind, ParamRef } from '../../../api/types/admissionregistration-v1.ts'
import { lookUp, lookUpAll, type StoreReader } from '../../auth/store-reader.ts'
import type { ResourceCatalog } from '../../registry/resource-catalog.ts'
import type { ServedResource } from '../../registry/served-resource.ts'

/** The resource that a policy's parameters are. @throws Error when there is none */
export function paramResource(
  catalog: ResourceCatalog,
  { apiVersion = '', kind = '' }: ParamKind,
): ServedResource {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const found = catalog.findKind({ group: group!, version: version!, kind })
  if (found) return found
  throw new Error(`failed to find resource referenced by paramKind: '${group}/${version}, Kind=${kind}'`)
}

/**
 * What a policy is to be evaluated with, once for each; `[undefined]` for a binding without parameters.
 * @throws Error with what is wrong with the binding
 */
export async function collectParams(
  store: StoreReader,
  resource: ServedResource | undefined,
  ref: ParamRef | undefined,
  requestNamespace: string,
): Promise<(KubeObject | undefined)[]> {
  if (!resource || !ref) return [undefined]
  const namespace = paramNamespace(resource, ref, requestNamespace)
  const found = findParams(store, resource, ref, namespace)
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
  }
  return resource.conversion ? resource.conversion.fromStorage(found.map((object) => ({ ...object }))) : found
}

function paramNamespace({ info }: ServedResource, ref: ParamRef, requestNamespace: string): string {
  if (!info.namespaced) {
    if (!ref.namespace) return ''
    throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  }
  const namespace = ref.namespace || requestNamespace
  if (namespace) return namespace
  throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
}

function findParams(
  store: StoreReader,
  { info, storedAs = info }: ServedResource,
  { name, selector }: ParamRef,
  namespace: string,
): StoredKubeObject[] {
  if (name) {
    if (selector) throw new Error('paramRef.name and paramRef.selector are mutually exclusive')
    const found = lookUp(store, storedAs, namespace, name)
    return found ? [found] : []
  }
  if (!selector) throw new Error('one of name or selector must be provided')
  const matches = labelMatcher(selector)
  return lookUpAll(store, storedAs, namespace).filter(({ metadata }) => matches(metadata.labels))
}
