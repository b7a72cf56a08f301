import { X509Certificate } from 'node:crypto'

const clientAuthUsage = '1.3.6.1.5.5.7.3.2'
const anyUsage = '2.5.29.37.0'
const maxRemembered = 256

/**
 * Checks that a certificate was issued by one of the CAs (directly or through intermediates that the peer sent), is valid
 * now, and may be used by clients. Good signatures are remembered by fingerprint, dates are checked every time.
 */
export class CertificateVerifier {
  readonly #roots: X509Certificate[]
  readonly #now: () => number
  readonly #verified = new Set<string>()

  /** `pem`: one CA certificate after the other. */
  constructor(pem: string, now: () => number) {
    this.#roots = certificatesOf(pem)
    this.#now = now
  }

  /** @throws Error that says what is wrong, in the words of Go's x509 */
  verify(certificate: X509Certificate): void {
    const now = this.#now()
    if (now > certificate.validToDate.getTime() || now < certificate.validFromDate.getTime()) {
      throw new Error('x509: certificate has expired or is not yet valid')
    }
    const fingerprint = certificate.fingerprint256
    if (this.#verified.has(fingerprint)) return
    if (!this.#isIssued(certificate, now, 0)) throw new Error('x509: certificate signed by unknown authority')
    const usages = certificate.keyUsage as string[] | undefined
    if (usages?.length && !usages.includes(clientAuthUsage) && !usages.includes(anyUsage)) {
      throw new Error('x509: certificate specifies an incompatible key usage')
    }
    if (this.#verified.size >= maxRemembered) this.#verified.clear()
    this.#verified.add(fingerprint)
  }

  #isIssued(certificate: X509Certificate, now: number, depth: number): boolean {
    if (this.#roots.some((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey))) {
      return true
    }
    const issuer = certificate.issuerCertificate
    if (!issuer || depth >= 8 || issuer.fingerprint256 === certificate.fingerprint256) return false
    const validIssuer =
      issuer.ca &&
      now >= issuer.validFromDate.getTime() &&
      now <= issuer.validToDate.getTime() &&
      certificate.checkIssued(issuer) &&
      certificate.verify(issuer.publicKey)
    return validIssuer && this.#isIssued(issuer, now, depth + 1)
  }
}

function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => new X509Certificate(block))
}
