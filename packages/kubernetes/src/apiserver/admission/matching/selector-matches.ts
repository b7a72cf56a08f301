import type { KubeObject } from '../../../api/kube-object.ts'
import { labelMatcher } from '../../../api/label-selector.ts'
import type { Namespace } from '../../../api/types/core-v1.ts'
import type { LabelSelector } from '../../../api/types/meta-v1.ts'
import { namespaces } from '../../../client/resources.ts'
import { lookUp, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes } from '../admission-plugin.ts'

interface Selectors {
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
}

/**
 * Do the labels of a request's namespace and object fit? Cluster-scoped objects have no namespace to look at, and a
 * namespace is its own.
 */
export function matchesSelectors(
  { namespaceSelector, objectSelector }: Selectors,
  attributes: AdmissionAttributes,
  store: StoreReader,
): boolean {
  return (
    matchesNamespace(namespaceSelector, attributes, store) &&
    (isEmpty(objectSelector) ||
      [attributes.object, attributes.oldObject].some(
        (object) => object?.metadata && labelMatcher(objectSelector)(object.metadata.labels),
      ))
  )
}

function matchesNamespace(
  selector: LabelSelector | undefined,
  { resource, namespace, subresource, object, oldObject, operation }: AdmissionAttributes,
  store: StoreReader,
): boolean {
  if (isEmpty(selector)) return true
  if (resource.group === '' && resource.resource === 'namespaces' && subresource === '') {
    const own: KubeObject | undefined = operation === 'DELETE' ? oldObject : object
    return labelMatcher(selector)(own?.metadata?.labels)
  }
  if (!namespace) return true
  const found = lookUp<Namespace>(store, namespaces, '', namespace)
  return labelMatcher(selector)(found?.metadata.labels)
}

function isEmpty(selector: LabelSelector | undefined): selector is undefined {
  return (
    !selector || (Object.keys(selector.matchLabels ?? {}).length === 0 && !selector.matchExpressions?.length)
  )
}
