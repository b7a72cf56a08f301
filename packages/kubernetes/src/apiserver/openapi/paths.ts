import { apiVersionOf, type ResourceInfo, type SubresourceInfo, type Verb } from '../../api/resource-info.ts'
import { schemaNameOf } from '../../api/resources.ts'
import { customSchemaName } from './custom-resource.ts'
import { definitionName, pathOf } from './definitions.ts'

/** An operation, before it is written in one of the two dialects. */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  id: string
  action: string
  tag: string
  gvk: { group: string; version: string; kind: string }
  /** Names of definitions. */
  body?: string
  /** The body may be left out. */
  bodyOptional?: boolean
  /** Media types of the body; any when absent. */
  accepts?: readonly string[]
  response: string
  query: readonly QueryParameter[]
}

export interface PathItem {
  path: string
  /** Path parameters, in order. */
  parameters: readonly string[]
  operations: readonly Operation[]
}

export interface QueryParameter {
  name: string
  type: 'string' | 'integer' | 'boolean'
}

const text = (...names: string[]): QueryParameter[] => names.map((name) => ({ name, type: 'string' }))
const flag = (...names: string[]): QueryParameter[] => names.map((name) => ({ name, type: 'boolean' }))
const number = (...names: string[]): QueryParameter[] => names.map((name) => ({ name, type: 'integer' }))

const writing = text('dryRun', 'fieldManager', 'fieldValidation')
const deleting = [
  ...text('dryRun'),
  ...number('gracePeriodSeconds'),
  ...flag('ignoreStoreReadErrorWithClusterBreakingPotential', 'orphanDependents'),
  ...text('propagationPolicy'),
]
const listing = [
  ...flag('allowWatchBookmarks'),
  ...text('continue', 'fieldSelector', 'labelSelector'),
  ...number('limit'),
  ...text('resourceVersion', 'resourceVersionMatch'),
  ...flag('sendInitialEvents'),
  ...number('timeoutSeconds'),
  ...flag('watch'),
]
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
]

/** Custom resources have no strategic merge patch; kubectl reads from here which one it may send. */
function patchTypesOf(resource: ResourceInfo): readonly string[] {
  return resource.schema ? [...patchTypes, 'application/strategic-merge-patch+json'] : patchTypes
}

/** What can be asked of a resource: its collection, its objects, its subresources. */
export function pathsOf(resource: ResourceInfo): PathItem[] {
  const base = `/${pathOf(apiVersionOf(resource))}`
  const scope = resource.namespaced ? '/namespaces/{namespace}' : ''
  const scopeParameters = resource.namespaced ? ['namespace'] : []
  const collection = `${base}${scope}/${resource.resource}`
  const items: PathItem[] = []
  const add = (path: string, parameters: string[], operations: Operation[]) => {
    if (operations.length > 0) items.push({ path, parameters, operations })
  }
  add(collection, scopeParameters, collectionOperations(resource))
  if (resource.namespaced && resource.verbs.includes('list')) {
    const list = collectionOperations(resource).filter(({ method }) => method === 'get')
    const everywhere = list.map((operation) => ({
      ...operation,
      id: `${operation.id.replace('Namespaced', '')}ForAllNamespaces`,
    }))
    add(`${base}/${resource.resource}`, [], everywhere)
  }
  add(`${collection}/{name}`, ['name', ...scopeParameters], objectOperations(resource))
  for (const subresource of resource.subresources) {
    const path = `${collection}/{name}/${subresource.name}`
    add(path, ['name', ...scopeParameters], subresourceOperations(resource, subresource))
  }
  return items
}

function collectionOperations(resource: ResourceInfo): Operation[] {
  const kind = definitionName(resource)
  const list = resource.schema
    ? schemaNameOf({ ...resource, kind: resource.listKind })
    : customSchemaName(resource, resource.listKind)
  const make = maker(resource)
  return [
    ...when(resource, 'list', () => make('get', 'list', 'list', { response: list ?? kind, query: listing })),
    ...when(resource, 'create', () =>
      make('post', 'create', 'post', { body: kind, response: kind, query: writing }),
    ),
    ...when(resource, 'deletecollection', () =>
      make('delete', 'deleteCollection', 'deletecollection', {
        body: `${meta}.DeleteOptions`,
        bodyOptional: true,
        response: `${meta}.Status`,
        query: [...listing, ...deleting],
      }),
    ),
  ]
}

function objectOperations(resource: ResourceInfo): Operation[] {
  const kind = definitionName(resource)
  const make = maker(resource)
  return [
    ...when(resource, 'get', () => make('get', 'read', 'get', { response: kind, query: [] })),
    ...when(resource, 'update', () =>
      make('put', 'replace', 'put', { body: kind, response: kind, query: writing }),
    ),
    ...when(resource, 'patch', () =>
      make('patch', 'patch', 'patch', {
        body: `${meta}.Patch`,
        response: kind,
        query: [...writing, ...flag('force')],
      }),
    ),
    ...when(resource, 'delete', () =>
      make('delete', 'delete', 'delete', {
        body: `${meta}.DeleteOptions`,
        bodyOptional: true,
        response: `${meta}.Status`,
        query: deleting,
      }),
    ),
  ]
}

const methods: Partial<Record<Verb, [method: Operation['method'], word: string]>> = {
  get: ['get', 'read'],
  create: ['post', 'create'],
  update: ['put', 'replace'],
  patch: ['patch', 'patch'],
  delete: ['delete', 'delete'],
}
const connecting = new Set(['attach', 'exec', 'portforward', 'proxy'])

function subresourceOperations(resource: ResourceInfo, subresource: SubresourceInfo): Operation[] {
  const gvk = subresource.kind ?? resource
  const kind = subresource.kind
    ? (schemaNameOf(subresource.kind) ?? definitionName(resource))
    : definitionName(resource)
  const make = maker(resource, subresource.name, gvk)
  return subresource.verbs.flatMap((verb) => {
    const [method, word] = methods[verb] ?? []
    if (!method || !word) return []
    if (connecting.has(subresource.name)) {
      return [make(method, `connect${capital(method)}`, 'connect', { response: `${meta}.Status`, query: [] })]
    }
    const patch = verb === 'patch'
    const writes = patch || verb === 'create' || verb === 'update'
    return [
      make(method, word, method, {
        ...(writes && { body: patch ? `${meta}.Patch` : kind }),
        response: kind,
        query: [...(writes ? writing : []), ...(patch ? flag('force') : [])],
      }),
    ]
  })
}

function when(resource: ResourceInfo, verb: Verb, make: () => Operation): Operation[] {
  return resource.verbs.includes(verb) ? [make()] : []
}

function maker(resource: ResourceInfo, subresource = '', kind: Operation['gvk'] = resource) {
  const group = resource.group.split('.')[0] || 'core'
  const tag = `${resource.group.replace('.k8s.io', '').replaceAll('.', '_') || 'core'}_${resource.version}`
  const scope = resource.namespaced ? 'Namespaced' : ''
  const suffix = `${capital(group)}${capital(resource.version)}${scope}${resource.kind}${capital(subresource)}`
  return (
    method: Operation['method'],
    word: string,
    action: string,
    rest: Pick<Operation, 'body' | 'bodyOptional' | 'response' | 'query'>,
  ): Operation => ({
    method,
    id: `${word}${suffix}`,
    action,
    tag,
    gvk: { group: kind.group, version: kind.version, kind: kind.kind },
    ...(method === 'patch' && { accepts: patchTypesOf(resource) }),
    ...rest,
  })
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
