import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import type { CredentialSpec, Credentials, KeyPair } from '../engines/credentials.ts'
import { MinikubeError, messageOf } from '../error.ts'
import type { Home } from '../home.ts'

const generate = promisify(generateKeyPair)
const day = 24 * 3600_000
const authorityLifetime = 3650 * day
/** Clocks of machines differ a little. */
const backdate = 3600_000

/**
 * Makes and renews what the members of a cluster know each other by: ECDSA P-256 keys, certificates signed by the CAs that
 * all profiles of a home share. What is there and fits is used again.
 */
export class HomeCredentials implements Credentials {
  readonly #home: Home
  readonly #profile: string
  readonly #lifetime: number
  readonly #authorities = new Map<string, Promise<KeyPair>>()

  /** `lifetime` of certificates, in milliseconds. */
  constructor(home: Home, profile: string, lifetime: number) {
    this.#home = home
    this.#profile = profile
    this.#lifetime = lifetime
  }

  authority(which: 'ca' | 'proxy-client-ca'): Promise<KeyPair> {
    const known = this.#authorities.get(which)
    if (known) return known
    const made = this.#makeAuthority(which)
    this.#authorities.set(which, made)
    return made
  }

  async certificate(spec: CredentialSpec): Promise<KeyPair> {
    const issuer = await this.authority(spec.authority ?? 'ca')
    const [certFile, keyFile] = this.#files(spec.name)
    const [cert, key] = await Promise.all([this.#home.read(certFile), this.#home.read(keyFile)])
    if (cert && key && this.#fits(cert, key, issuer, spec)) return { cert, key }

    const { encodeName, encodeSubjectAltName, issueCertificate, publicKeyOf } = await x509()
    const pair = await generate('ec', { namedCurve: 'P-256' })
    const now = Date.now()
    const authorityEnd = Date.parse(new X509Certificate(issuer.cert).validTo)
    const names = spec.names ?? []
    const made: KeyPair = {
      cert: issueCertificate(
        {
          subject: encodeName({
            commonName: spec.commonName,
            organizations: [...(spec.organizations ?? [])],
          }),
          publicKey: publicKeyOf(pair.publicKey),
          notBefore: now - backdate,
          notAfter: Math.min(now + this.#lifetime, authorityEnd),
          keyUsages: ['digitalSignature', 'keyEncipherment'],
          extendedKeyUsages: [...spec.usages],
          ...(names.length > 0 && { subjectAltName: encodeSubjectAltName([...names]) }),
        },
        { certificate: issuer.cert, key: createPrivateKey(issuer.key) },
      ),
      key: pem(pair.privateKey),
    }
    await this.#home.write(keyFile, made.key, 0o600)
    await this.#home.write(certFile, made.cert)
    return made
  }

  async signingKey(name: string): Promise<string> {
    const file = this.#home.profile(this.#profile, `${name}.key`)
    const key = await this.#home.read(file)
    if (key) return key
    const { privateKey } = await generate('ec', { namedCurve: 'P-256' })
    await this.#home.write(file, pem(privateKey), 0o600)
    return pem(privateKey)
  }

  #files(name: string): [string, string] {
    return [
      this.#home.profile(this.#profile, `${name}.crt`),
      this.#home.profile(this.#profile, `${name}.key`),
    ]
  }

  async #makeAuthority(which: 'ca' | 'proxy-client-ca'): Promise<KeyPair> {
    const certFile = this.#home.path(`${which}.crt`)
    const keyFile = this.#home.path(`${which}.key`)
    const [cert, key] = await Promise.all([this.#home.read(certFile), this.#home.read(keyFile)])
    if (cert && key) {
      checkAuthority(certFile, cert, key)
      return { cert, key }
    }
    const { encodeName, issueCertificate, publicKeyOf } = await x509()
    const pair = await generate('ec', { namedCurve: 'P-256' })
    const now = Date.now()
    const made: KeyPair = {
      cert: issueCertificate(
        {
          subject: encodeName({
            commonName: which === 'ca' ? 'minikubeCA' : 'proxyClientCA',
            organizations: [],
          }),
          publicKey: publicKeyOf(pair.publicKey),
          notBefore: now - day,
          notAfter: now + authorityLifetime,
          keyUsages: ['digitalSignature', 'keyEncipherment', 'keyCertSign'],
          isCa: true,
        },
        { key: pair.privateKey },
      ),
      key: pem(pair.privateKey),
    }
    await this.#home.write(keyFile, made.key, 0o600)
    await this.#home.write(certFile, made.cert)
    return made
  }

  /** Signed by this authority for this subject and all these names, and not about to end. */
  #fits(cert: string, key: string, issuer: KeyPair, spec: CredentialSpec): boolean {
    try {
      const certificate = new X509Certificate(cert)
      const subject = certificate.subject.split('\n')
      const renewAt = Date.parse(certificate.validTo) - Math.min(30 * day, this.#lifetime / 3)
      return (
        Date.now() < renewAt &&
        certificate.checkPrivateKey(createPrivateKey(key)) &&
        certificate.verify(new X509Certificate(issuer.cert).publicKey) &&
        subject.includes(`CN=${spec.commonName}`) &&
        (spec.organizations ?? []).every((organization) => subject.includes(`O=${organization}`)) &&
        (spec.names ?? []).every((name) =>
          isIP(name)
            ? certificate.checkIP(name) !== undefined
            : certificate.checkHost(name, { subject: 'never' }) !== undefined,
        )
      )
    } catch {
      return false
    }
  }
}

function checkAuthority(file: string, cert: string, key: string): void {
  let trouble: string | undefined
  try {
    const certificate = new X509Certificate(cert)
    if (Date.now() > Date.parse(certificate.validTo) - 30 * day) trouble = `it ends on ${certificate.validTo}`
    else if (!certificate.checkPrivateKey(createPrivateKey(key))) trouble = 'its key is another one'
  } catch (error) {
    trouble = messageOf(error)
  }
  if (trouble === undefined) return
  throw new MinikubeError('GUEST_CERT', `the certificate authority ${file} cannot be used: ${trouble}`, {
    advice:
      'Remove it with its key; then a new one is made, and every cluster is started again with new certificates.',
  })
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Loaded only where something is to be made. */
async function x509(): Promise<
  typeof import('@minikube-ts/kubernetes/certificates/issue-certificate.ts') &
    typeof import('@minikube-ts/kubernetes/certificates/x509-name.ts')
> {
  const [issue, name] = await Promise.all([
    import('@minikube-ts/kubernetes/certificates/issue-certificate.ts'),
    import('@minikube-ts/kubernetes/certificates/x509-name.ts'),
  ])
  return { ...issue, ...name }
}
