import type { SecureContextOptions } from 'node:tls'

/** Where an upgraded connection goes: `http:` or `https:` over TCP, or `http:` over a Unix socket. */
export interface UpgradeTarget {
  url: URL
  /** Connect here instead of to the URL's host. */
  socketPath?: string
  tls?: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & {
    servername?: string
    rejectUnauthorized?: boolean
  }
}
