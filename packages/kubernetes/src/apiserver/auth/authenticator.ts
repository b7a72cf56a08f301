import type { X509Certificate } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { UserInfo } from './user-info.ts'

export interface Credentials {
  headers: IncomingHttpHeaders
  /** Client certificate of the TLS session, not verified yet; absent when none was sent. */
  peerCertificate?: X509Certificate
}

/** Undefined: these credentials say nothing to me, ask the next. Throws ApiError Unauthorized for wrong ones. */
export interface Authenticator {
  authenticate(credentials: Credentials): Promise<UserInfo | undefined>
}
