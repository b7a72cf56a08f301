import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { ApiError } from '../../api/api-error.ts'
import type { KubeObject } from '../../api/kube-object.ts'
import type { ApiRequest } from './api-request.ts'
import { type Encoding, mediaTypes, negotiate } from './negotiate.ts'

const compress = promisify(gzip)

/** Smaller bodies cost more to compress than to send. */
const gzipFrom = 128 * 1024

/** Encodes an object. `pretty` concerns JSON only. */
export async function encodeObject(object: object, encoding: Encoding, pretty = false): Promise<Uint8Array> {
  switch (encoding) {
    case 'json':
      return Buffer.from(pretty ? `${JSON.stringify(object, null, 2)}\n` : `${JSON.stringify(object)}\n`)
    case 'yaml':
      return Buffer.from((await import('../../api/codec/yaml.ts')).encodeYaml(object))
    case 'protobuf':
      return (await import('../../api/codec/protobuf.ts')).encodeEnvelope(object as KubeObject)
  }
}

/** Sends an object as the client negotiated it. */
export async function respondObject(
  request: ApiRequest,
  status: number,
  object: object,
  options: { encoding?: Encoding /** Appended to the content type. */; profile?: string } = {},
): Promise<void> {
  const encoding = options.encoding ?? negotiate(request.message.headers.accept, () => false).encoding
  const bytes = await encodeObject(object, encoding, encoding === 'json' && wantsPretty(request))
  await respondBytes(request, status, `${mediaTypes[encoding]}${options.profile ?? ''}`, bytes)
}

export async function respondBytes(
  { message, response, warnings }: ApiRequest,
  status: number,
  contentType: string,
  bytes: Uint8Array,
  headers: Record<string, string> = {},
): Promise<void> {
  if (response.headersSent || response.destroyed) return
  const zipped =
    bytes.length >= gzipFrom && /\bgzip\b/.test(String(message.headers['accept-encoding'] ?? ''))
      ? await compress(bytes, { level: 1 })
      : undefined
  const body = zipped ?? bytes
  const all: Record<string, number | string | string[]> = {
    'content-type': contentType,
    'cache-control': 'no-cache, private',
    'content-length': body.length,
    ...headers,
  }
  if (zipped) Object.assign(all, { 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
  response.writeHead(status, { ...all, ...warningHeaders(warnings) })
  response.end(message.method === 'HEAD' ? undefined : body)
}

export function respondText(request: ApiRequest, status: number, text: string): Promise<void> {
  return respondBytes(request, status, 'text/plain; charset=utf-8', Buffer.from(text), {
    'x-content-type-options': 'nosniff',
  })
}

/** The Status of an error. Errors that are none of the API's are bugs: `report` is told. */
export async function respondError(
  request: ApiRequest,
  error: unknown,
  report: (error: unknown) => void,
): Promise<void> {
  const { response } = request
  const known = error instanceof ApiError
  if (!known) report(error)
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const status = (
    known
      ? error
      : new ApiError(
          'InternalError',
          `Internal error occurred: ${(error as Error)?.message ?? String(error)}`,
          {
            causes: [{ message: (error as Error)?.message ?? String(error) }],
          },
        )
  ).toStatus()
  let encoding: Encoding = 'json'
  try {
    encoding = negotiate(request.message.headers.accept, () => true).encoding
  } catch {
    // A client that takes nothing of ours gets JSON all the same.
  }
  const retryAfter = status.details?.retryAfterSeconds
  const bytes = await encodeObject(status, encoding, encoding === 'json' && wantsPretty(request))
  await respondBytes(request, status.code ?? 500, mediaTypes[encoding], bytes, {
    ...(retryAfter && { 'retry-after': String(retryAfter) }),
    ...(status.code === 401 && { 'www-authenticate': 'Bearer realm="kubernetes-master"' }),
  })
}

function wantsPretty({ query, message }: ApiRequest): boolean {
  const pretty = query.get('pretty')
  if (pretty) return ['1', 't', 'true'].includes(pretty.toLowerCase())
  return /^(curl|Wget|Mozilla\/5\.0)/.test(message.headers['user-agent'] ?? '')
}

/** For the head of an answer. */
export function warningHeaders(warnings: ReadonlySet<string>): Record<string, string[]> {
  return warnings.size > 0 ? { warning: [...warnings].map(warningHeader) } : {}
}

/** `299 - "text"`, with what headers cannot hold left out. */
function warningHeader(text: string): string {
  const printable = text.replace(/[^\t\x20-\x7e]/g, ' ')
  return `299 - "${printable.replace(/[\\"]/g, '\\$&')}"`
}
