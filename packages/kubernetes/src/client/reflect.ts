import { setTimeout as delay } from 'node:timers/promises'
import { isReason } from '../api/api-error.ts'
import type { ObjectMeta } from '../api/kube-object.ts'
import type { Logger } from '../log.ts'
import type { Client, ResourceRef } from './client.ts'
import type { InformerScope } from './informer-factory.ts'

/** Where a reflection puts what it sees. */
export interface ReflectionTarget<T> {
  /** The whole state: after the start, and again after a gap. */
  replace(objects: T[]): void
  put(object: T): void
  remove(object: T): void
}

export interface ReflectOptions {
  client: Client
  resource: ResourceRef
  scope: InformerScope
  signal: AbortSignal
  log: Logger
}

const firstBackoffMs = 50
const longestBackoffMs = 5_000

/**
 * Keeps `target` equal to a resource until `signal` aborts: one list, then watches that each go on from the last seen
 * resourceVersion. Lists again when the server has forgotten that version (410). Failures wait 50 ms · 2^n with jitter,
 * at most 5 s: the server is on this machine, and its return is to be noticed soon.
 */
export async function reflect<T extends { metadata: ObjectMeta }>(
  options: ReflectOptions,
  target: ReflectionTarget<T>,
): Promise<void> {
  const { client, resource, scope, signal, log } = options
  let resourceVersion: string | undefined
  let failures = 0
  while (!signal.aborted) {
    const began = Date.now()
    let news = false
    try {
      if (resourceVersion === undefined) {
        const list = await client.list<T>(resource, { ...scope, signal })
        if (signal.aborted) return
        target.replace(list.items)
        resourceVersion = list.metadata.resourceVersion ?? '0'
      }
      for await (const event of client.watch<T>(resource, {
        ...scope,
        resourceVersion,
        allowBookmarks: true,
        signal,
      })) {
        if (signal.aborted) return
        news = true
        failures = 0
        if (event.type === 'DELETED') target.remove(event.object)
        else if (event.type !== 'BOOKMARK') target.put(event.object)
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion
      }
      // The usual end of a watch, unless the server slams the door each time.
      if (news || Date.now() - began > 1000) continue
    } catch (error) {
      if (signal.aborted) return
      if (isReason(error, 'Expired') || isReason(error, 'Gone')) {
        resourceVersion = undefined
        if (failures === 0) {
          failures = 1
          continue
        }
      } else if (failures === 0 || !isReason(error, 'ServiceUnavailable')) {
        // A broken connection is part of life (the server restarts): one line is enough.
        log.warn('watch failed', { resource: resource.resource, group: resource.group, error })
      }
    }
    const longest = Math.min(firstBackoffMs * 2 ** failures++, longestBackoffMs)
    await delay(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined)
  }
}
