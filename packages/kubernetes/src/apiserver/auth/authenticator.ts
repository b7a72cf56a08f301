import type { X509Certificate } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { UserInfo } from './user-info.ts'

export interface Credentials {
  headers: IncomingHttpHeaders
  /**
   * Names and values in turn, as Node's `request.rawHeaders`: tells repeated headers (`Impersonate-Group`) apart from one
   * with a comma. Without it `headers` is split at commas.
   */
  rawHeaders?: readonly string[]
  /** Client certificate of the TLS session, not verified yet; absent when none was sent. */
  peerCertificate?: X509Certificate
}

/** Undefined: these credentials say nothing to me, ask the next. Throws ApiError Unauthorized for wrong ones. */
export interface Authenticator {
  authenticate(credentials: Credentials): Promise<UserInfo | undefined>
}
