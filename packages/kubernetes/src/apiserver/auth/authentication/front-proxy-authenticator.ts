import type { Authenticator, Credentials } from '../authenticator.ts'
import type { UserInfo } from '../user-info.ts'
import { subjectOf } from './certificate-authenticator.ts'
import type { CertificateVerifier } from './certificate-verifier.ts'
import { headerValues, prefixedHeaders } from './header-values.ts'

/** Proxies with a certificate of the front-proxy CA may say who they speak for, in `X-Remote-*` headers. */
export class FrontProxyAuthenticator implements Authenticator {
  readonly #verifier: CertificateVerifier
  readonly #allowedNames: readonly string[]

  /** `allowedNames`: common names that a proxy may have; empty: any. */
  constructor(verifier: CertificateVerifier, allowedNames: readonly string[]) {
    this.#verifier = verifier
    this.#allowedNames = allowedNames
  }

  async authenticate(credentials: Credentials): Promise<UserInfo | undefined> {
    const { peerCertificate } = credentials
    if (!peerCertificate) return undefined
    const [username] = headerValues(credentials, 'X-Remote-User')
    // Without the header there is nothing to say, and an ordinary client's certificate is of another CA.
    if (!username) return undefined
    this.#verifier.verify(peerCertificate)
    const { commonName } = subjectOf(peerCertificate)
    if (this.#allowedNames.length > 0 && !this.#allowedNames.includes(commonName)) {
      throw new Error(`x509: subject with cn=${commonName} is not in the allowed list`)
    }
    const [uid] = headerValues(credentials, 'X-Remote-Uid')
    return {
      username,
      ...(uid && { uid }),
      groups: headerValues(credentials, 'X-Remote-Group'),
      extra: prefixedHeaders(credentials, 'X-Remote-Extra-'),
    }
  }
}
