import { ApiError } from '../../api/api-error.ts'
import type { StoredKubeObject } from '../../api/kube-object.ts'
import { apiVersionOf } from '../../api/resource-info.ts'
import { type Store, type StoreEvent, StoreExpired } from '../../store/store.ts'
import { onBookmarkTick } from './bookmark-clock.ts'
import { parseResourceVersion, refuseFuture } from './resource-version.ts'
import { type Selection, selectionOf } from './selection.ts'
import type { ServedResource, VersionConversion } from './served-resource.ts'
import { storePrefix } from './store-key.ts'

export interface WatchRequest {
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
  resourceVersion?: string | undefined
  allowBookmarks?: boolean | undefined
  /** Whether the state comes first; by default only when no resourceVersion is given. */
  sendInitialEvents?: boolean | undefined
}

export interface RegistryWatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  /** In the served version; shared between all watchers of the event. */
  object: StoredKubeObject
}

export interface WatchListener {
  event(event: RegistryWatchEvent): void
  /** The watch is over, because of an error in converting. */
  failed(error: unknown): void
}

const initialEventsEnd = 'k8s.io/initial-events-end'

/**
 * Tells `listener` about the selected objects: first the state, or what happened since a version, synchronously; then
 * what happens. Returns what ends it.
 * @throws ApiError BadRequest, Timeout for a version of the future, Expired for one that is forgotten
 */
export function watchObjects(
  store: Store,
  resource: ServedResource,
  /** undefined: all */
  namespace: string | undefined,
  request: WatchRequest,
  listener: WatchListener,
): () => void {
  const { info, conversion } = resource
  const selection = selectionOf(resource, request.labelSelector, request.fieldSelector)
  const prefix = storePrefix(resource, namespace ?? (info.namespaced ? selection.namespace : undefined))
  const asked = parseResourceVersion(request.resourceVersion)
  refuseFuture(asked, store.revision)
  const initial = request.sendInitialEvents ?? asked === 0
  let told = initial || asked === 0 ? store.revision : asked
  let ended = false

  const late = conversion && selection.versioned ? selection : undefined
  const deliver = conversion ? convertingInOrder(conversion, late, listener, () => ended) : listener.event
  const bookmark = (annotations?: Record<string, string>): void => {
    const metadata = {
      resourceVersion: String(told),
      creationTimestamp: null,
      ...(annotations && { annotations }),
    }
    deliver({ type: 'BOOKMARK', object: { kind: info.kind, apiVersion: apiVersionOf(info), metadata } })
  }

  if (initial) {
    for (const object of store.list(prefix).items) {
      if (late || selection.matches(object)) deliver({ type: 'ADDED', object })
    }
    if (request.sendInitialEvents && request.allowBookmarks) bookmark({ [initialEventsEnd]: 'true' })
  }
  const endEvents = follow(store, prefix, told, (event) => {
    told = event.revision
    const seen = late || selection.everything ? event : selected(selection, event)
    if (seen) deliver(seen)
  })
  const endBookmarks = request.allowBookmarks
    ? onBookmarkTick(() => {
        told = store.revision
        bookmark()
      })
    : undefined
  return () => {
    ended = true
    endEvents()
    endBookmarks?.()
  }
}

function follow(
  store: Store,
  prefix: string,
  since: number,
  listener: (event: StoreEvent) => void,
): () => void {
  try {
    return store.watch(prefix, since, listener)
  } catch (error) {
    throw error instanceof StoreExpired ? new ApiError('Expired', error.message) : error
  }
}

type Change = RegistryWatchEvent & Pick<StoreEvent, 'previous'>

/** How a change looks to somebody who sees only a selection. */
function selected(selection: Selection, event: Change): RegistryWatchEvent | undefined {
  const { type, object, previous } = event
  const before = previous !== undefined && selection.matches(previous)
  if (type === 'DELETED') return before ? event : undefined
  const now = selection.matches(object)
  if (now) return before ? event : { type: 'ADDED', object }
  if (!before) return undefined
  // It left: its last state inside, at the version at which it left.
  const { resourceVersion } = object.metadata
  return { type: 'DELETED', object: { ...previous, metadata: { ...previous.metadata, resourceVersion } } }
}

/**
 * Conversion may take a webhook; events still arrive one after the other.
 * @param selection of the converted objects; undefined: all that comes is selected already
 */
function convertingInOrder(
  conversion: VersionConversion,
  selection: Selection | undefined,
  listener: WatchListener,
  hasEnded: () => boolean,
): (event: Change) => void {
  let tail: Promise<void> = Promise.resolve()
  return (event) => {
    tail = tail.then(async () => {
      if (hasEnded()) return
      try {
        const served = await convertChange(conversion, selection, event)
        if (served && !hasEnded()) listener.event(served)
      } catch (error) {
        if (!hasEnded()) listener.failed(error)
      }
    })
  }
}

async function convertChange(
  conversion: VersionConversion,
  selection: Selection | undefined,
  event: Change,
): Promise<RegistryWatchEvent | undefined> {
  const { type } = event
  if (type === 'BOOKMARK') return event
  const stored = selection && event.previous ? [event.object, event.previous] : [event.object]
  const [object, previous] = await conversion.fromStorage(stored)
  const served: Change = { type, object: object!, ...(previous && { previous }) }
  return selection ? selected(selection, served) : served
}
