import type { AuthorizationAttributes } from '../auth/authorizer.ts'

/** What a URL and method mean; upstream's `request.RequestInfo`. */
export interface RequestInfo {
  /** False: `path` is all there is. */
  isResource: boolean
  path: string
  /** `get`, `list`, `watch`, `create` …; for other paths the method in lower case. */
  verb: string
  group: string
  version: string
  /** '' at the cluster scope. Of a namespace itself: its own name. */
  namespace: string
  resource: string
  /** Taken from the path, or from a field selector on the name. */
  name: string
  subresource: string
  /** What follows the subresource: the path to proxy to. */
  rest: string[]
  labelSelector?: string
  fieldSelector?: string
}

const namespaceSubresources = new Set(['status', 'finalize'])
const verbs: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}
const verbsWithSelectors = new Set(['list', 'watch', 'deletecollection'])

/** @param path decoded already, as it decides about authorization */
export function parseRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const info: RequestInfo = {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    name: '',
    subresource: '',
    rest: [],
  }
  const parts = path
    .split('/')
    .filter((part, index, all) => part !== '' || (index > 0 && index < all.length - 1))
  const prefix = parts.shift()
  if (prefix === 'apis') {
    if (parts.length < 3) return info
    info.group = parts.shift() as string
  } else if (prefix !== 'api' || parts.length < 2) return info
  info.version = parts.shift() as string
  info.isResource = true
  info.verb = verbs[method] ?? ''
  const viaPath = parts[0] === 'watch'
  if (viaPath) {
    if (parts.length < 2) return { ...info, isResource: false }
    parts.shift()
    info.verb = 'watch'
  }
  if (parts[0] === 'namespaces' && parts.length > 1) {
    info.namespace = parts[1] as string
    if (parts.length > 2 && !namespaceSubresources.has(parts[2] as string)) parts.splice(0, 2)
  }
  const [resource = '', name = '', subresource = '', ...rest] = parts
  Object.assign(info, { resource, name, subresource: viaPath ? '' : subresource, rest })
  if (!name && info.verb === 'get') {
    info.verb = isTrue(query.get('watch')) ? 'watch' : 'list'
    const wanted = /^metadata\.name==?([a-zA-Z0-9.:-]+)$/.exec(query.get('fieldSelector') ?? '')
    if (wanted) info.name = wanted[1] as string
  } else if (!name && info.verb === 'delete') info.verb = 'deletecollection'
  if (!viaPath && verbsWithSelectors.has(info.verb)) {
    const labelSelector = query.get('labelSelector')
    const fieldSelector = query.get('fieldSelector')
    if (labelSelector) info.labelSelector = labelSelector
    if (fieldSelector) info.fieldSelector = fieldSelector
  }
  return info
}

/** A query parameter that is a boolean: everything but `false` and `0` is true, also the empty one. */
export function isTrue(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== 'false' && value !== '0'
}

/** What authorizers are asked, without the user. */
export function attributesOf(info: RequestInfo): Omit<AuthorizationAttributes, 'user'> {
  const { isResource, path, verb, group, version, resource, subresource, namespace, name } = info
  if (!isResource) return { verb, path }
  return {
    verb,
    group,
    version,
    resource,
    path,
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(info.labelSelector && { labelSelector: info.labelSelector }),
    ...(info.fieldSelector && { fieldSelector: info.fieldSelector }),
  }
}
