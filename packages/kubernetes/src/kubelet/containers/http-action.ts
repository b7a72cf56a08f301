import type { IncomingMessage } from 'node:http'
import type { Container, HTTPGetAction } from '../../api/types/core-v1.ts'

/** Bytes of an answer that are looked at. */
const bodyLimit = 10 * 1024

export interface HttpAnswer {
  status: number
  statusText: string
  body: string
  /** Where the answer sends to, when it is a redirect. */
  location?: string
  url: URL
}

/** A port's number, by name when it is one. @throws Error */
export function resolvePort(port: number | string, container: Container): number {
  const number = Number(port)
  const found = Number.isInteger(number)
    ? number
    : container.ports?.find(({ name }) => name === port)?.containerPort
  if (found === undefined) throw new Error(`couldn't find port: "${port}" in container "${container.name}"`)
  if (found <= 0 || found > 65_535) throw new Error(`invalid port number: ${found}`)
  return found
}

export function actionUrl(action: HTTPGetAction, container: Container, podIP: string): URL {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const port = resolvePort(action.port, container)
  const host = action.host || podIP
  const bracketed = host.includes(':') ? `[${host}]` : host
  const path = action.path ?? ''
  return new URL(`${scheme}://${bracketed}:${port}${path.startsWith('/') ? path : `/${path}`}`)
}

/**
 * One request of a probe or hook; redirects are not followed, certificates not checked. `purpose` goes into the user
 * agent. @throws Error when there is no answer
 */
export async function httpGet(
  action: HTTPGetAction,
  url: URL,
  purpose: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const headers: Record<string, string[]> = {}
  let host: string | undefined
  for (const { name, value } of action.httpHeaders ?? []) {
    if (name.toLowerCase() === 'host') host = value
    else headers[name] = [...(headers[name] ?? []), value]
  }
  const has = (name: string): boolean => Object.keys(headers).some((key) => key.toLowerCase() === name)
  if (!has('user-agent')) headers['User-Agent'] = [`kube-${purpose}/1.36`]
  if (!has('accept')) headers.Accept = ['*/*']
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      method: 'GET',
      // Node takes a list for every header but this one.
      headers: { ...headers, Host: host ?? url.host },
      signal,
      agent: false as const,
      rejectUnauthorized: false,
    }
    request(url, options, resolve).once('error', reject).end()
  })
  const body = await readSome(response)
  const { location } = response.headers
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? '',
    body,
    url,
    ...(location && { location }),
  }
}

async function readSome(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= bodyLimit) break
  }
  response.destroy()
  return Buffer.concat(chunks).subarray(0, bodyLimit).toString()
}
