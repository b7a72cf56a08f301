import { ApiError } from '../../api/api-error.ts'
import type { StoredKubeObject } from '../../api/kube-object.ts'
import { type Store, StoreExpired, type StorePage } from '../../store/store.ts'
import { decodeContinue, ExpiredContinue, encodeContinue } from './continue-token.ts'
import { parseResourceVersion, refuseFuture } from './resource-version.ts'
import { type Selection, selectionOf } from './selection.ts'
import type { ServedResource } from './served-resource.ts'
import { storeKey, storePrefix } from './store-key.ts'

/** The parameters of a list that say what is in it; checked already (`resourceVersionMatch` only with a version …). */
export interface ListRequest {
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
  limit?: number | undefined
  continue?: string | undefined
  resourceVersion?: string | undefined
  resourceVersionMatch?: string | undefined
}

export interface ListResult {
  /** In the served version. */
  items: StoredKubeObject[]
  revision: number
  continue?: string
  remaining?: number
}

/** With selectors and a limit, this many objects are looked at in one go. */
const scanSize = 500

/** @throws ApiError BadRequest, Expired, Timeout */
export async function listObjects(
  store: Store,
  resource: ServedResource,
  /** undefined: all */
  namespace: string | undefined,
  request: ListRequest,
): Promise<ListResult> {
  const selection = selectionOf(resource, request.labelSelector, request.fieldSelector)
  const prefix = storePrefix(
    resource,
    namespace ?? (resource.info.namespaced ? selection.namespace : undefined),
  )
  const { conversion } = resource
  if (conversion && selection.versioned) {
    return scan(store, resource, prefix, selection, request, async (items) =>
      (items.length > 0 ? await conversion.fromStorage(items) : []).filter(selection.matches),
    )
  }
  const result = await scan(store, resource, prefix, selection, request, (items) =>
    items.filter(selection.matches),
  )
  if (conversion && result.items.length > 0) result.items = await conversion.fromStorage(result.items)
  return result
}

/** Those of `items`, stored ones, that are selected, as they are selected. */
type Select = (items: StoredKubeObject[]) => StoredKubeObject[] | Promise<StoredKubeObject[]>

async function scan(
  store: Store,
  resource: ServedResource,
  prefix: string,
  selection: Selection,
  request: ListRequest,
  select: Select,
): Promise<ListResult> {
  const { limit = 0 } = request
  const start = startOf(store, prefix, request)
  if (selection.name && !start) {
    const { items, revision } = single(store, resource, prefix, selection.name)
    return { items: await select(items), revision }
  }
  if (selection.everything || limit === 0) {
    const page = pageOf(store, prefix, limit, start, request)
    return {
      items: selection.everything ? page.items : await select(page.items),
      revision: page.revision,
      ...(page.next && { continue: continueFrom(prefix, page.next, page.revision) }),
      ...(page.remaining && { remaining: page.remaining }),
    }
  }
  const items: StoredKubeObject[] = []
  let after = start
  for (;;) {
    const page = pageOf(store, prefix, scanSize, after, request)
    const { revision } = page
    const found = await select(page.items)
    const room = limit - items.length
    items.push(...found.slice(0, room))
    if (found.length >= room) {
      const { namespace = '', name = '' } = items.at(-1)!.metadata
      const last = page.items.at(-1)!.metadata
      const more = page.next !== undefined || last.name !== name || (last.namespace ?? '') !== namespace
      return {
        items,
        revision,
        ...(more && { continue: continueFrom(prefix, storeKey(resource, namespace, name), revision) }),
      }
    }
    if (!page.next) return { items, revision }
    after = { key: page.next, revision }
  }
}

/** What a selector on the name alone can be about: it needs no scan where the name makes the key. */
function single(store: Store, resource: ServedResource, prefix: string, name: string): ListResult {
  const { namespaced } = resource.info
  const { revision } = store
  if (namespaced && prefix === storePrefix(resource)) return { items: store.list(prefix).items, revision }
  const object = store.get(`${namespaced ? prefix : storePrefix(resource, '')}${name}`)
  return { items: object ? [object] : [], revision }
}

function startOf(
  store: Store,
  prefix: string,
  request: ListRequest,
): { key: string; revision: number } | undefined {
  if (request.continue) {
    const { key, revision } = decodeContinue(request.continue)
    if (request.resourceVersion && request.resourceVersion !== '0') {
      throw ApiError.badRequest('specifying resource version is not allowed when using continue')
    }
    return { key: prefix + key, revision: revision < 0 ? store.revision : revision }
  }
  const revision = parseResourceVersion(request.resourceVersion)
  if (revision === 0) return undefined
  refuseFuture(revision, store.revision)
  const { resourceVersionMatch, limit } = request
  // With a limit and no say on the match, a version means exactly that one.
  const exact = resourceVersionMatch === 'Exact' || (!resourceVersionMatch && limit)
  return exact ? { key: '', revision } : undefined
}

function pageOf(
  store: Store,
  prefix: string,
  limit: number,
  after: { key: string; revision: number } | undefined,
  request: ListRequest,
): StorePage {
  try {
    return store.list(prefix, after ? { limit, after } : { limit })
  } catch (error) {
    if (!(error instanceof StoreExpired)) throw error
    if (!request.continue) {
      throw new ApiError('Expired', 'The resourceVersion for the provided list is too old.')
    }
    throw new ExpiredContinue({ key: (after?.key ?? '').slice(prefix.length), revision: -1 })
  }
}

function continueFrom(prefix: string, key: string, revision: number): string {
  return encodeContinue({ key: key.slice(prefix.length), revision })
}
