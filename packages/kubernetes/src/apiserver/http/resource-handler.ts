import { ApiError } from '../../api/api-error.ts'
import { isJsonObject } from '../../api/json.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import type { PatchType } from '../../client/client.ts'
import type { Auth } from '../auth/auth.ts'
import type { FieldValidation } from '../registry/decode-body.ts'
import { type ApiWrite, type KubeApi, notAllowed } from '../registry/kube-api.ts'
import type { ListResult } from '../registry/list-objects.ts'
import type { Target } from '../registry/registry.ts'
import type { ResourceCatalog } from '../registry/resource-catalog.ts'
import type { ServedResource } from '../registry/served-resource.ts'
import type { ApiRequest, RequestHandler } from './api-request.ts'
import { encodingOf, unsupportedMediaType } from './negotiate.ts'
import { viewOf } from './object-view.ts'
import { deleteOptions, invalidOptions, listOptions, writeOptions } from './query-options.ts'
import { parseBody, readBody } from './read-body.ts'
import { attributesOf, isTrue } from './request-info.ts'
import { respondObject, respondText } from './respond.ts'
import { serveWatch } from './watch-handler.ts'

/** Answers a request for a subresource that is no object: logs, exec, proxies. */
export type ConnectHandler = (request: ApiRequest, target: Target) => Promise<void>

export interface ResourceHandlerOptions {
  api: KubeApi
  catalog: ResourceCatalog
  auth: Pick<Auth, 'authorize'>
  /** Subresources that connect somewhere, by `<resource>.<group>/<subresource>`. */
  connects: ReadonlySet<string>
  /** Their handlers, loaded when the first is needed. */
  loadConnects: () => Promise<ReadonlyMap<string, ConnectHandler>>
}

const patchTypes: Record<string, PatchType> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
}

/** Serves `/api/…` and `/apis/…` below a group version. */
export function createResourceHandler(options: ResourceHandlerOptions): RequestHandler {
  const handlers: Record<string, (request: ApiRequest, target: Target) => Promise<void>> = {
    get,
    list,
    watch: (request, { resource }) => serveWatch(request, api, resource, scopeOf(request, resource)),
    create,
    update,
    patch,
    delete: remove,
    deletecollection: removeAll,
  }
  const { api, catalog, auth, connects, loadConnects } = options

  return async (request) => {
    const { info } = request
    const resource = catalog.find(info)
    const subresource = resource?.info.subresources.find(({ name }) => name === info.subresource)
    if (!resource || (info.subresource && !subresource) || !isInScope(request, resource)) {
      return respondText(request, 404, '404 page not found\n')
    }
    if (resource.deprecation) request.warnings.add(resource.deprecation)
    const target: Target = {
      resource,
      namespace: resource.info.namespaced ? info.namespace : '',
      name: info.name,
      subresource: info.subresource,
    }
    const verbs = subresource?.verbs ?? resource.info.verbs
    const handler = handlers[info.verb]
    const path = `${resource.info.resource}.${resource.info.group}/${info.subresource}`
    const connected = connects.has(path)
    if (!handler || !verbs.some((verb) => verb === info.verb)) {
      // Proxies pass on what is no verb of ours.
      const passes = connected && info.subresource === 'proxy' && request.message.method === 'OPTIONS'
      if (!passes) throw notAllowed(target, info.verb)
    } else if (!connected) return handler(request, target)
    const connect = (await loadConnects()).get(path)!
    return connect(request, target)
  }

  async function send(
    request: ApiRequest,
    target: Target,
    status: number,
    object: KubeObject,
  ): Promise<void> {
    // What is no object of the resource (a Scale, a Status) is shown as it is.
    if (object.kind !== target.resource.info.kind) return respondObject(request, status, object)
    const view = await viewOf(request, target.resource)
    return respondObject(request, status, view.one(object), view)
  }

  async function sendList(request: ApiRequest, resource: ServedResource, result: ListResult): Promise<void> {
    const view = await viewOf(request, resource)
    const { items, revision, remaining } = result
    const metadata = {
      resourceVersion: String(revision),
      ...(result.continue && { continue: result.continue }),
      ...(remaining && { remainingItemCount: remaining }),
    }
    return respondObject(request, 200, view.list(items, metadata), view)
  }

  async function get(request: ApiRequest, target: Target): Promise<void> {
    return send(request, target, 200, await api.get(target))
  }

  async function list(request: ApiRequest, { resource }: Target): Promise<void> {
    const result = await api.list(resource, scopeOf(request, resource), listOptions(request.query))
    return sendList(request, resource, result)
  }

  async function create(request: ApiRequest, target: Target): Promise<void> {
    const write = writeContext(request, 'CreateOptions')
    const object = await api.create(target, await body(request, write.fieldValidation), write)
    const status = object.kind === 'Status' && typeof object.code === 'number' ? object.code : 201
    return send(request, target, status, object)
  }

  async function update(request: ApiRequest, target: Target): Promise<void> {
    const write = writeContext(request, 'UpdateOptions')
    const parsed = await body(request, write.fieldValidation)
    const { object, created } = await api.update(target, parsed, {
      ...write,
      authorizeCreate: mayCreate(request),
    })
    return send(request, target, created ? 201 : 200, object)
  }

  async function patch(request: ApiRequest, target: Target): Promise<void> {
    const { message, query } = request
    const contentType = (message.headers['content-type'] ?? '').split(';')[0]!.trim()
    const type = patchTypes[contentType]
    const supported = Object.keys(patchTypes).filter(
      (each) => target.resource.info.schema || patchTypes[each] !== 'strategic',
    )
    if (!type || !supported.includes(contentType)) throw unsupportedMediaType(supported)
    const force = query.has('force') ? isTrue(query.get('force')) : undefined
    if (type === 'apply' && !query.get('fieldManager')) {
      const message = 'Required value: is required for apply patch'
      throw invalidOptions('PatchOptions', [{ reason: 'FieldValueRequired', message, field: 'fieldManager' }])
    }
    if (type !== 'apply' && force !== undefined) {
      const message = 'Forbidden: may not be specified for non-apply patch'
      throw invalidOptions('PatchOptions', [{ reason: 'FieldValueForbidden', message, field: 'force' }])
    }
    const write = writeContext(request, 'PatchOptions')
    const bytes = await readBody(message)
    const parsed = await parseBody(bytes, type === 'apply' ? 'yaml' : 'json', write.fieldValidation)
    const { object, created } = await api.patch(
      target,
      { type, body: parsed, force: force ?? false },
      { ...write, authorizeCreate: mayCreate(request) },
    )
    return send(request, target, created ? 201 : 200, object)
  }

  async function remove(request: ApiRequest, target: Target): Promise<void> {
    const deletion = deleteOptions(request.query, await optionsBody(request))
    const write = deleteContext(request, deletion.dryRun, deletion)
    const { object, removed } = await api.delete(target, deletion, write)
    const status = !removed && deletion.orphanDependents === false ? 202 : 200
    const whole = !removed || target.resource.returnsDeleted
    return send(request, target, status, whole ? object : deletedStatus(target, object))
  }

  async function removeAll(request: ApiRequest, { resource }: Target): Promise<void> {
    const deletion = deleteOptions(request.query, await optionsBody(request))
    const result = await api.deleteCollection(
      resource,
      scopeOf(request, resource),
      listOptions(request.query),
      deletion,
      deleteContext(request, deletion.dryRun, deletion),
    )
    return sendList(request, resource, result)
  }

  /** PUT and apply may create where the user may. */
  function mayCreate(request: ApiRequest): () => Promise<void> {
    return () => auth.authorize({ ...attributesOf({ ...request.info, verb: 'create' }), user: request.user })
  }
}

/** True when the path has a namespace exactly where the resource needs one; lists go over all of them, too. */
function isInScope({ info }: ApiRequest, { info: { namespaced, resource } }: ServedResource): boolean {
  if (!namespaced) return info.namespace === '' || resource === 'namespaces'
  return info.namespace !== '' || info.verb === 'list' || info.verb === 'watch'
}

function scopeOf({ info }: ApiRequest, { info: { namespaced } }: ServedResource): string | undefined {
  return namespaced && info.namespace ? info.namespace : undefined
}

function writeContext(request: ApiRequest, kind: string): ApiWrite {
  const { query, message, user, warnings } = request
  const { dryRun, fieldManager, fieldValidation } = writeOptions(query, kind, message.headers['user-agent'])
  return {
    user,
    dryRun,
    fieldManager,
    fieldValidation,
    options: {
      apiVersion: 'meta.k8s.io/v1',
      kind,
      ...(dryRun && { dryRun: ['All'] }),
      ...(query.get('fieldManager') && { fieldManager }),
      ...(query.get('fieldValidation') && { fieldValidation }),
    },
    warn: (text) => warnings.add(text),
  }
}

function deleteContext({ user, warnings }: ApiRequest, dryRun: boolean, options: object): ApiWrite {
  return {
    user,
    dryRun,
    fieldManager: undefined,
    fieldValidation: 'Ignore',
    options: {
      ...options,
      apiVersion: 'meta.k8s.io/v1',
      kind: 'DeleteOptions',
      dryRun: dryRun ? ['All'] : [],
    },
    warn: (text) => warnings.add(text),
  }
}

async function body(
  { message }: ApiRequest,
  validation: FieldValidation,
): Promise<Awaited<ReturnType<typeof parseBody>>> {
  const encoding = encodingOf(message.headers['content-type'])
  return parseBody(await readBody(message), encoding, validation)
}

async function optionsBody({ message }: ApiRequest): Promise<Record<string, unknown> | undefined> {
  const bytes = await readBody(message)
  if (bytes.length === 0) return undefined
  const { value } = await parseBody(bytes, encodingOf(message.headers['content-type']), 'Ignore')
  if (!isJsonObject(value)) throw ApiError.badRequest('the body is no DeleteOptions')
  if (value.kind && value.kind !== 'DeleteOptions') {
    throw ApiError.badRequest('decoded object cannot be converted to DeleteOptions')
  }
  return value
}

function deletedStatus({ resource: { info } }: Target, { metadata }: StoredKubeObject): KubeObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: metadata.name,
      ...(info.group && { group: info.group }),
      kind: info.resource,
      uid: metadata.uid,
    },
  }
}
