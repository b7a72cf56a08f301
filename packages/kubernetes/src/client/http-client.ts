import { text } from 'node:stream/consumers'
import { ApiError, type Status } from '../api/api-error.ts'
import type { KubeList, KubeObject } from '../api/kube-object.ts'
import type { Client, DeleteOptions, ListOptions, PatchType, WatchEvent, WriteOptions } from './client.ts'
import type { HttpRequest, HttpResponse, HttpTransport } from './http-transport.ts'
import { readLines } from './read-lines.ts'
import { resourcePath } from './resource-path.ts'

/** A {@link Client} over HTTPS. */
export interface HttpClient extends Client {
  /** Any other path of the server, e.g. `/readyz`; resolves with the body of a 2xx answer. */
  raw(method: HttpRequest['method'], path: string, body?: unknown, signal?: AbortSignal): Promise<string>
  /** Ends connections and watches. */
  close(): void
}

export interface HttpClientOptions {
  userAgent?: string
  /** Bearer token of the next request, where there is one. */
  token?: () => Promise<string | undefined>
}

const patchTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

type Query = Record<string, string | number | undefined>

export function createHttpClient(transport: HttpTransport, options: HttpClientOptions = {}): HttpClient {
  const { userAgent = 'minikube-ts', token } = options

  async function send(
    method: HttpRequest['method'],
    path: string,
    content: { body?: unknown; type?: string; query?: Query; signal?: AbortSignal } = {},
  ): Promise<HttpResponse> {
    const bearer = await token?.()
    const headers = {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(bearer && { authorization: `Bearer ${bearer}` }),
      ...(content.body !== undefined && { 'content-type': content.type ?? 'application/json' }),
    }
    let response: HttpResponse
    try {
      response = await transport.request({
        method,
        path: path + queryString(content.query),
        headers,
        ...(content.body !== undefined && { body: JSON.stringify(content.body) }),
        ...(content.signal && { signal: content.signal }),
      })
    } catch (error) {
      throw unreachable(error)
    }
    if (response.status >= 200 && response.status < 300) return response
    throw failure(response.status, await read(response))
  }

  async function call<T>(...args: Parameters<typeof send>): Promise<T> {
    return JSON.parse(await read(await send(...args))) as T
  }

  return {
    get: (resource, namespace, name, { subresource } = {}) =>
      call('GET', resourcePath(resource, namespace, name, subresource)),

    async list<T>(
      resource: Parameters<Client['list']>[0],
      { signal, namespace, ...query }: ListOptions = {},
    ) {
      const list = await call<KubeList<T>>('GET', resourcePath(resource, namespace), {
        query: { ...query },
        ...(signal && { signal }),
      })
      list.items ??= []
      // Lists of built-in kinds come without the kind of their items, which events and owner references need.
      const { apiVersion, kind } = list
      const itemKind = kind?.endsWith('List') ? kind.slice(0, -4) : undefined
      if (apiVersion && itemKind) {
        list.items = list.items.map((item) => ({ apiVersion, kind: itemKind, ...item }))
      }
      return list
    },

    create: (resource, namespace, object, options = {}) =>
      call('POST', resourcePath(resource, namespace, options.name, options.subresource), {
        body: object,
        query: writeQuery(options),
      }),

    update: (resource, object, options = {}) => {
      const { namespace, name } = (object as KubeObject).metadata ?? {}
      return call('PUT', resourcePath(resource, namespace, name, options.subresource), {
        body: object,
        query: writeQuery(options),
      })
    },

    patch: (resource, namespace, name, type, patch, options = {}) =>
      call('PATCH', resourcePath(resource, namespace, name, options.subresource), {
        body: patch,
        type: patchTypes[type],
        query: { ...writeQuery(options), ...(options.force && { force: 'true' }) },
      }),

    async delete(resource, namespace, name, options) {
      await read(await send('DELETE', resourcePath(resource, namespace, name), { body: deleteBody(options) }))
    },

    async deleteCollection(resource, { signal, namespace, ...query }, options) {
      const response = await send('DELETE', resourcePath(resource, namespace), {
        body: deleteBody(options),
        query: { ...query },
        ...(signal && { signal }),
      })
      await read(response)
    },

    async *watch<T>(
      resource: Parameters<Client['watch']>[0],
      { signal, namespace, allowBookmarks, ...query }: Parameters<Client['watch']>[1],
    ): AsyncGenerator<WatchEvent<T>> {
      if (signal.aborted) return
      try {
        const { body } = await send('GET', resourcePath(resource, namespace), {
          query: { ...query, watch: 'true', ...(allowBookmarks && { allowWatchBookmarks: 'true' }) },
          signal,
        })
        for await (const line of readLines(body)) {
          const event = JSON.parse(line) as WatchEvent<T> | { type: 'ERROR'; object: Partial<Status> }
          if (event.type === 'ERROR') throw ApiError.fromStatus(event.object, 500)
          yield event
          if (signal.aborted) return
        }
      } catch (error) {
        if (signal.aborted) return
        throw error instanceof ApiError ? error : unreachable(error)
      }
    },

    raw: async (method, path, body, signal) =>
      read(await send(method, path, { ...(body !== undefined && { body }), ...(signal && { signal }) })),

    close: () => transport.close(),
  }
}

async function read(response: HttpResponse): Promise<string> {
  try {
    return await text(response.body)
  } catch (error) {
    throw unreachable(error)
  }
}

function queryString(query: Query = {}): string {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[key, String(value)] as [string, string]],
  )
  return given.length > 0 ? `?${new URLSearchParams(given)}` : ''
}

function writeQuery({ fieldManager, dryRun }: WriteOptions): Query {
  return { fieldManager, ...(dryRun && { dryRun: 'All' }) }
}

function deleteBody(options: DeleteOptions = {}): object {
  return { apiVersion: 'v1', kind: 'DeleteOptions', ...options }
}

/** The server could not be reached, or broke off. */
function unreachable(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const failed = new ApiError('ServiceUnavailable', error instanceof Error ? error.message : String(error))
  failed.cause = error
  return failed
}

function failure(httpCode: number, body: string): ApiError {
  try {
    const status = JSON.parse(body) as Partial<Status>
    if (status.kind === 'Status') return ApiError.fromStatus(status, httpCode)
  } catch {
    // Not from an API server: a proxy, or a server of another kind.
  }
  return ApiError.fromStatus({ message: body.trim() || `HTTP ${httpCode}` }, httpCode)
}
