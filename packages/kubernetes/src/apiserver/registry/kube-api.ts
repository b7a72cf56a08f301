import { ApiError } from '../../api/api-error.ts'
import { applyServerSide } from '../../api/apply/apply-server-side.ts'
import { cloneJson, isJsonObject } from '../../api/json.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import { applyJsonPatch } from '../../api/patch/json-patch.ts'
import { applyMergePatch } from '../../api/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '../../api/patch/strategic-merge-patch.ts'
import { apiVersionOf } from '../../api/resource-info.ts'
import { DecodeError } from '../../api/structure/decode-error.ts'
import { toTime } from '../../api/time.ts'
import type { PatchType } from '../../client/client.ts'
import { type Body, type BodyShape, decodeBody, type FieldValidation } from './decode-body.ts'
import type { DeletionOptions } from './deletion.ts'
import { type ListRequest, type ListResult, listObjects } from './list-objects.ts'
import { checkName } from './object-meta.ts'
import type { Registry, Target, WriteContext } from './registry.ts'
import { selectionOf } from './selection.ts'
import type { ServedResource } from './served-resource.ts'
import type { ObjectView, SubresourceHandler } from './subresource-handler.ts'
import { type Tracking, track } from './track-managed-fields.ts'
import { type WatchListener, type WatchRequest, watchObjects } from './watch-objects.ts'

export interface ApiWrite extends WriteContext {
  fieldValidation: FieldValidation
}

export interface ApiPatch {
  type: PatchType
  /** Parsed; `apply` too. */
  body: Body
  /** For `apply`. */
  force: boolean
}

/**
 * The API as calls, behind HTTP and the in-process client: brings bodies into shape, applies patches, shows subresources,
 * and leaves the rest to the registry. Objects that come out are shared.
 */
export class KubeApi {
  readonly registry: Registry
  readonly #subresources: ReadonlyMap<string, SubresourceHandler>

  /** @param subresources by `<resource>.<group>/<subresource>`, or `*\/<subresource>` for every resource */
  constructor(registry: Registry, subresources: ReadonlyMap<string, SubresourceHandler>) {
    this.registry = registry
    this.#subresources = subresources
  }

  async get(target: Target): Promise<KubeObject> {
    const { resource, namespace, name } = target
    if (resource.computed) {
      const object = await resource.computed.get(namespace, name)
      if (!object) throw ApiError.notFound(resource.info.group, resource.info.resource, name)
      return object
    }
    const object = await this.registry.get(target)
    const view = this.#view(target)
    return view ? shown(view, object) : object
  }

  async list(
    resource: ServedResource,
    namespace: string | undefined,
    request: ListRequest,
  ): Promise<ListResult> {
    if (resource.computed) {
      const { matches } = selectionOf(resource, request.labelSelector, request.fieldSelector)
      const items = (await resource.computed.list(namespace)).filter(matches)
      return { items, revision: this.registry.store.revision }
    }
    return listObjects(this.registry.store, resource, namespace, request)
  }

  watch(
    resource: ServedResource,
    namespace: string | undefined,
    request: WatchRequest,
    listener: WatchListener,
  ): () => void {
    return watchObjects(this.registry.store, resource, namespace, request, listener)
  }

  async create(target: Target, body: Body, write: ApiWrite): Promise<KubeObject> {
    const { resource, subresource } = target
    const handler = this.#handler(target)
    if (!handler?.create) {
      if (subresource) throw notAllowed(target, 'create')
      const object = decodeBody(body, shapeOf(resource), write.fieldValidation, write.warn)
      return this.registry.create(target, object, write)
    }
    const object = decodeBody(body, handler.body ?? shapeOf(resource), write.fieldValidation, write.warn)
    await this.registry.admitCreate(target, object, write)
    return handler.create({ target, object, context: write })
  }

  async update(
    target: Target,
    body: Body,
    write: ApiWrite,
  ): Promise<{ object: KubeObject; created: boolean }> {
    const view = this.#view(target)
    const object = decodeBody(body, view ?? shapeOf(target.resource), write.fieldValidation, write.warn)
    checkName(object, target.name)
    const { resourceVersion, uid } = object.metadata ?? {}
    // An update that names its version is tried once; any other may have to start from the same body again.
    const fresh = resourceVersion ? () => object : () => cloneJson(object)
    const result = await this.registry.update(
      target,
      (current) => {
        if (!view || !current) return fresh()
        const next = fresh()
        track(view.fromObject(current), next, viewTracking(view, target), write, toTime(Date.now()))
        return view.toObject(current, next)
      },
      write,
      { uid, tracked: view !== undefined },
    )
    return view ? { ...result, object: shown(view, result.object) } : result
  }

  async patch(
    target: Target,
    patch: ApiPatch,
    write: ApiWrite,
  ): Promise<{ object: KubeObject; created: boolean }> {
    const { resource, name } = target
    const { group, resource: resourceName } = resource.info
    const view = this.#view(target)
    const isApply = patch.type === 'apply'
    const result = await this.registry.update(
      target,
      (current) => {
        if (!current && !isApply) throw ApiError.notFound(group, resourceName, name)
        if (!view) return this.#patched(target, shapeOf(resource), resource.schema, current, patch, write)
        if (!current) throw ApiError.notFound(group, resourceName, name)
        const before = view.fromObject(current)
        const next = this.#patched(target, view, view.schema, before, patch, write)
        if (!isApply) track(before, next, viewTracking(view, target), write, toTime(Date.now()))
        return view.toObject(current, next)
      },
      write,
      { allowCreate: isApply && !view, tracked: isApply || view !== undefined },
    )
    return view ? { ...result, object: shown(view, result.object) } : result
  }

  #patched(
    target: Target,
    shape: BodyShape,
    schema: ObjectView['schema'],
    current: KubeObject | undefined,
    { type, body, force }: ApiPatch,
    write: ApiWrite,
  ): KubeObject {
    const apiVersion = apiVersionOf(shape.gvk)
    if (type === 'apply') {
      if (!isJsonObject(body.value)) {
        throw ApiError.badRequest('error decoding YAML: the patch is not an object')
      }
      const applied = applyServerSide({
        live: current,
        applied: body.value as KubeObject,
        force,
        kind: shape.gvk.kind,
        manager: write.fieldManager ?? 'unknown',
        node: schema,
        apiVersion,
        subresource: target.subresource,
        resetFields: target.resource.strategy.resetFields(target.subresource),
        now: toTime(Date.now()),
      })
      reportDuplicates(body, write)
      const object = shape.conform(applied)
      shape.setDefaults(object)
      return object
    }
    const patched = applied(type, current ?? {}, body.value, schema)
    const unknown: string[] | undefined = write.fieldValidation === 'Ignore' ? undefined : []
    let object: KubeObject
    try {
      object = shape.conform(patched, unknown)
    } catch (error) {
      if (error instanceof DecodeError) throw invalidPatch(patched, error.message)
      throw error
    }
    const duplicates = (body.duplicates ?? []).map((text) => (type === 'json' ? `json patch ${text}` : text))
    const strict = write.fieldValidation === 'Ignore' ? [] : [...duplicates, ...(unknown ?? [])]
    if (strict.length > 0) {
      if (write.fieldValidation === 'Strict') {
        throw invalidPatch(patched, `strict decoding error: ${strict.join(', ')}`)
      }
      for (const message of strict) write.warn(message)
    }
    object.apiVersion = apiVersion
    object.kind = shape.gvk.kind
    shape.setDefaults(object)
    return object
  }

  delete(
    target: Target,
    options: DeletionOptions,
    write: WriteContext,
  ): Promise<{ object: StoredKubeObject; removed: boolean }> {
    return this.registry.delete(target, options, write)
  }

  /** Deletes what the list gives; what is gone meanwhile does not matter. The result is the list. */
  async deleteCollection(
    resource: ServedResource,
    namespace: string | undefined,
    request: ListRequest,
    options: DeletionOptions,
    write: WriteContext,
  ): Promise<ListResult> {
    const result = await this.list(resource, namespace, request)
    // All at once: they share the commits of the store.
    const outcomes = await Promise.allSettled(
      result.items.map(({ metadata }) =>
        this.registry.delete(
          { resource, namespace: metadata.namespace ?? '', name: metadata.name ?? '', subresource: '' },
          options,
          write,
        ),
      ),
    )
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue
      if (outcome.reason instanceof ApiError && outcome.reason.reason === 'NotFound') continue
      throw outcome.reason
    }
    return result
  }

  #handler({ resource: { info }, subresource }: Target): SubresourceHandler | undefined {
    if (!subresource) return this.#subresources.get(`${info.resource}.${info.group}`)
    return (
      this.#subresources.get(`${info.resource}.${info.group}/${subresource}`) ??
      this.#subresources.get(`*/${subresource}`)
    )
  }

  #view(target: Target): ObjectView | undefined {
    return target.subresource ? this.#handler(target)?.view?.(target) : undefined
  }
}

/** Bodies of the resource itself and of subresources that are the same object. */
export function shapeOf(resource: ServedResource): BodyShape {
  return {
    gvk: resource.info,
    custom: resource.openApiSchema !== undefined,
    conform: (value, unknown) => resource.conform(value, unknown),
    setDefaults: (object) => resource.setDefaults(object),
  }
}

/** Who owns the fields of a view is told where it is written only. */
function shown(view: ObjectView, object: StoredKubeObject): KubeObject {
  const result = view.fromObject(object)
  delete result.metadata?.managedFields
  return result
}

function viewTracking(view: ObjectView, { subresource }: Target): Tracking {
  return { node: view.schema, apiVersion: apiVersionOf(view.gvk), subresource }
}

function applied(
  type: Exclude<PatchType, 'apply'>,
  current: KubeObject,
  patch: unknown,
  schema: ObjectView['schema'],
): KubeObject {
  switch (type) {
    case 'json':
      return applyJsonPatch(current, patch)
    case 'merge':
      return applyMergePatch(current, patch)
    case 'strategic':
      return applyStrategicMergePatch(current, patch, schema)
  }
}

function reportDuplicates({ duplicates = [] }: Body, write: ApiWrite): void {
  if (duplicates.length === 0 || write.fieldValidation === 'Ignore') return
  if (write.fieldValidation === 'Strict') {
    throw ApiError.badRequest(`error strict decoding YAML: ${duplicates.join(', ')}`)
  }
  for (const message of duplicates) write.warn(message)
}

function invalidPatch(patched: KubeObject, why: string): ApiError {
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${why}`
  return ApiError.invalid('', '', '', [{ reason: 'FieldValueInvalid', message, field: 'patch' }])
}

export function notAllowed({ resource: { info } }: Target, verb: string): ApiError {
  const qualified = info.group ? `${info.resource}.${info.group}` : info.resource
  return new ApiError('MethodNotAllowed', `${verb} is not supported on resources of kind "${qualified}"`, {
    group: info.group,
    kind: info.resource,
  })
}
