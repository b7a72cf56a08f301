import { readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export interface UpstreamsOptions {
  /** `1.2.3.4`, `1.2.3.4:5353` or `[::1]:53`; instead of those of `resolvConf`. */
  upstreams?: readonly string[]
  resolvConf?: string
  /** Addresses that lead back to this server. */
  own: readonly string[]
  now: () => number
}

const defaultResolvConf = '/etc/resolv.conf'
/** The file is looked at again when a question comes this long after the last look. */
const checkEveryMs = 5_000

/** Name servers to pass questions on to; follows changes of resolv.conf (another network, a VPN). */
export class Upstreams {
  readonly #options: UpstreamsOptions
  readonly #fixed: readonly Endpoint[] | undefined
  #list: readonly Endpoint[] = []
  #checked = Number.NEGATIVE_INFINITY
  #stamp = ''

  constructor(options: UpstreamsOptions) {
    this.#options = options
    const { upstreams } = options
    this.#fixed =
      upstreams &&
      withoutOwn(
        upstreams.flatMap((text) => parseEndpoint(text) ?? []),
        options.own,
      )
  }

  get list(): readonly Endpoint[] {
    if (this.#fixed) return this.#fixed
    const now = this.#options.now()
    if (now - this.#checked > checkEveryMs) {
      this.#checked = now
      this.#read(this.#options.resolvConf ?? defaultResolvConf)
    }
    return this.#list
  }

  /** Kept as it is while the file is the same, so that who compares lists by identity sees changes. */
  #read(path: string): void {
    try {
      const { mtimeMs, ino, size } = statSync(path)
      const stamp = `${mtimeMs} ${ino} ${size}`
      if (stamp === this.#stamp) return
      this.#stamp = stamp
      this.#list = withoutOwn(nameServers(readFileSync(path, 'utf8')), this.#options.own)
    } catch {
      this.#stamp = ''
      this.#list = []
    }
  }
}

/** The `nameserver` lines of a resolv.conf. */
export function nameServers(text: string): Endpoint[] {
  return text.split('\n').flatMap((line) => {
    const [keyword, address = ''] = line.trim().split(/\s+/)
    return keyword === 'nameserver' ? (parseEndpoint(address) ?? []) : []
  })
}

export function parseEndpoint(text: string): Endpoint | undefined {
  if (isIP(text) > 0) return { address: text, port: 53 }
  const parts = /^\[?(.+?)\]?:(\d+)$/.exec(text)
  const [, address = '', port = ''] = parts ?? []
  return isIP(address) > 0 ? { address, port: Number(port) } : undefined
}

function withoutOwn(list: readonly Endpoint[], own: readonly string[]): readonly Endpoint[] {
  return list.filter(({ address, port }) => !own.includes(address) && !own.includes(`${address}:${port}`))
}
