import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { isIP } from 'node:net'
import { contextTag, decode, oidText } from './der.ts'
import { decodeName, type X509Name } from './x509-name.ts'

/** A PKCS #10 request whose signature has been checked. */
export interface CertificateRequest {
  subject: X509Name
  /** DER of the subject, as it goes into the certificate. */
  rawSubject: Buffer
  publicKey: KeyObject
  /** DER of the SubjectPublicKeyInfo. */
  rawPublicKey: Buffer
  dnsNames: string[]
  ipAddresses: string[]
  emailAddresses: string[]
  uris: string[]
  /** DER of the requested subjectAltName extension's value, if there is one. */
  rawSubjectAltName?: Buffer
}

const extensionRequest = '1.2.840.113549.1.9.14'
const subjectAltName = '2.5.29.17'
const hashes: Record<string, string | null> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
}

/** @throws Error when it is no request, or is not signed by its own key */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const match = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]+?)-----END CERTIFICATE REQUEST-----/.exec(pem)
  if (!match) throw new Error('PEM block type must be CERTIFICATE REQUEST')
  const [whole] = decode(Buffer.from(match[1] as string, 'base64'))
  const [info, algorithm, signature] = whole ? decode(whole.content) : []
  if (!info || !algorithm || !signature) throw new Error('malformed certificate request')
  const [, subject, spki, attributes] = decode(info.content)
  if (!subject || !spki) throw new Error('malformed certificate request')
  const publicKey = createPublicKey({ key: spki.raw, format: 'der', type: 'spki' })
  const algorithmOid = oidText(decode(algorithm.content)[0]?.content ?? Buffer.alloc(0))
  const hash = hashes[algorithmOid]
  if (hash === undefined) throw new Error(`unsupported signature algorithm ${algorithmOid}`)
  if (!verify(hash, info.raw, publicKey, signature.content.subarray(1))) {
    throw new Error('the certificate request is not signed by its own key')
  }
  const rawSubjectAltName = findSubjectAltName(attributes?.content)
  return {
    subject: decodeName(subject.content),
    rawSubject: subject.raw,
    publicKey,
    rawPublicKey: spki.raw,
    ...(rawSubjectAltName && { rawSubjectAltName }),
    ...decodeSubjectAltName(rawSubjectAltName),
  }
}

function findSubjectAltName(attributes: Buffer | undefined): Buffer | undefined {
  for (const attribute of decode(attributes ?? Buffer.alloc(0))) {
    const [type, values] = decode(attribute.content)
    if (!type || !values || oidText(type.content) !== extensionRequest) continue
    for (const extensions of decode(values.content)) {
      for (const extension of decode(extensions.content)) {
        const parts = decode(extension.content)
        // An optional `critical` stands between the name and the value.
        if (parts[0] && oidText(parts[0].content) === subjectAltName) return parts.at(-1)?.content
      }
    }
  }
  return undefined
}

type SubjectAltName = Pick<CertificateRequest, 'dnsNames' | 'ipAddresses' | 'emailAddresses' | 'uris'>

function decodeSubjectAltName(value: Buffer | undefined): SubjectAltName {
  const names: SubjectAltName = { dnsNames: [], ipAddresses: [], emailAddresses: [], uris: [] }
  const [list] = value ? decode(value) : []
  for (const { tag, content } of list ? decode(list.content) : []) {
    if (tag === contextTag(1, true)) names.emailAddresses.push(content.toString('latin1'))
    else if (tag === contextTag(2, true)) names.dnsNames.push(content.toString('latin1'))
    else if (tag === contextTag(6, true)) names.uris.push(content.toString('latin1'))
    else if (tag === contextTag(7, true)) names.ipAddresses.push(ipText(content))
  }
  return names
}

function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  const text = (bytes.toString('hex').match(/.{4}/g) ?? []).join(':')
  return isIP(text) ? text : ''
}
