import type { ServedResource } from './served-resource.ts'

type Keyed = Pick<ServedResource, 'info' | 'storedAs'>

/** Prefix of a resource's keys, or of those in one namespace; see {@link Store}. */
export function storePrefix({ info, storedAs }: Keyed, namespace?: string): string {
  const { group, resource } = storedAs ?? info
  const all = `${group || 'core'}/${resource}/`
  return namespace === undefined ? all : `${all}${namespace}/`
}

export function storeKey(resource: Keyed, namespace: string, name: string): string {
  return `${storePrefix(resource, resource.info.namespaced ? namespace : '')}${name}`
}
