import type { ResourceRef } from './client.ts'

/** URL path of a collection, an object or a subresource, without query. */
export function resourcePath(
  resource: ResourceRef,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const root = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`
  const within = namespace ? `${root}/namespaces/${encodeURIComponent(namespace)}` : root
  const tail = [resource.resource, name && encodeURIComponent(name), subresource].filter(Boolean).join('/')
  return `${within}/${tail}`
}
