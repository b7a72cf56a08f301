import { CelError } from '../cel-error.ts'
import type { Library } from '../overload.ts'
import { ArrayList, CelOpaque, type CelValue, EntryMap } from '../values.ts'

class CelUrl extends CelOpaque {
  readonly typeName = 'kubernetes.URL'
  readonly text: string
  readonly scheme: string
  /** With the port. */
  readonly host: string
  readonly path: string
  readonly query: string

  constructor(text: string, [scheme, host, path, query]: [string, string, string, string]) {
    super()
    this.text = text
    this.scheme = scheme
    this.host = host
    this.path = path
    this.query = query
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelUrl && other.text === this.text
  }
}

/** An absolute URL, or an absolute path. */
function parse(text: string): CelUrl | undefined {
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:[^@/?]*@)?([^/?]*))?(\/[^?]*|)(?:\?(.*))?$/.exec(
    text,
  )
  if (!match || text === '') return undefined
  const [, scheme = '', host = '', path = '', query = ''] = match
  if (/\s/.test(host) || !(scheme || path.startsWith('/'))) return undefined
  const port = /:([^\]]*)$/.exec(host)?.[1]
  if (port !== undefined && !/^\d*$/.test(port)) return undefined
  if (/%(?![0-9a-fA-F]{2})/.test(path)) return undefined
  return new CelUrl(text, [scheme.toLowerCase(), host, encode(path), query])
}

/** What is not escaped but has to be. */
function encode(path: string): string {
  return encodeURI(path).replaceAll('%25', '%')
}

function toUrl(text: string): CelUrl {
  const url = parse(text)
  if (url) return url
  const shown = JSON.stringify(text)
  throw new CelError(`URL parse error during conversion from string: parse ${shown}: invalid URI for request`)
}

function hostname(host: string): string {
  return /^\[([^\]]*)\]/.exec(host)?.[1] ?? host.replace(/:\d*$/, '')
}

function query(text: string): EntryMap {
  const values = new Map<string, CelValue[]>()
  for (const [name, value] of new URLSearchParams(text)) {
    const list = values.get(name) ?? []
    list.push(value)
    values.set(name, list)
  }
  return new EntryMap([...values].map(([name, list]) => [name, new ArrayList(list)]))
}

export const urls: Library = {
  'url(string): kubernetes.URL': toUrl,
  'isURL(string): bool': (text: string) => parse(text) !== undefined,
  '(kubernetes.URL).getScheme(): string': (url: CelUrl) => url.scheme,
  '(kubernetes.URL).getHost(): string': (url: CelUrl) => url.host,
  '(kubernetes.URL).getHostname(): string': (url: CelUrl) => hostname(url.host),
  '(kubernetes.URL).getPort(): string': (url: CelUrl) => /:(\d+)$/.exec(url.host)?.[1] ?? '',
  '(kubernetes.URL).getEscapedPath(): string': (url: CelUrl) => url.path,
  '(kubernetes.URL).getQuery(): map<string, list<string>>': (url: CelUrl) => query(url.query),
}
