import { createHash, createPublicKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  bitString,
  boolean,
  contextTag,
  decode,
  encode,
  integer,
  octetString,
  oid,
  oidText,
  sequence,
  tag,
  time,
} from './der.ts'

/** Bits of the keyUsage extension, in their order. */
const usageNames = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const
export type KeyUsage = (typeof usageNames)[number]

const extendedOids = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  ipsecEndSystem: '1.3.6.1.5.5.7.3.5',
  ipsecTunnel: '1.3.6.1.5.5.7.3.6',
  ipsecUser: '1.3.6.1.5.5.7.3.7',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  microsoftSgc: '1.3.6.1.4.1.311.10.3.3',
  netscapeSgc: '2.16.840.1.113730.4.1',
} as const
export type ExtendedKeyUsage = keyof typeof extendedOids

export interface CertificateTemplate {
  /** DER of the subject's Name. */
  subject: Buffer
  /** DER of the SubjectPublicKeyInfo. */
  publicKey: Buffer
  /** Milliseconds since the epoch. */
  notBefore: number
  notAfter: number
  keyUsages: KeyUsage[]
  extendedKeyUsages?: ExtendedKeyUsage[]
  isCa?: boolean
  /** DER value of the subjectAltName extension. */
  subjectAltName?: Buffer
}

/** Who signs; without a certificate the new one signs itself. */
export interface Issuer {
  /** PEM. */
  certificate?: string | Buffer
  key: KeyObject
}

/** @returns PEM of a version 3 certificate with a random 128-bit serial number */
export function issueCertificate(template: CertificateTemplate, issuer: Issuer): string {
  const algorithm = signatureAlgorithm(issuer.key)
  const authority = issuer.certificate ? authorityOf(issuer.certificate) : undefined
  const tbs = sequence(
    encode(contextTag(0), integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    algorithm.identifier,
    authority?.name ?? template.subject,
    sequence(time(template.notBefore), time(template.notAfter)),
    template.subject,
    template.publicKey,
    encode(contextTag(3), sequence(...extensions(template, authority?.keyId))),
  )
  const signature = sign(algorithm.hash, tbs, issuer.key)
  const der = sequence(tbs, algorithm.identifier, bitString(signature))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** DER value of a subjectAltName extension of these DNS names and IP addresses. */
export function encodeSubjectAltName(names: string[]): Buffer {
  return sequence(
    ...names.map((name) => {
      const family = isIP(name)
      if (family === 0) return encode(contextTag(2, true), Buffer.from(name, 'latin1'))
      return encode(contextTag(7, true), family === 4 ? Buffer.from(name.split('.').map(Number)) : ipv6(name))
    }),
  )
}

function ipv6(address: string): Buffer {
  // The URL parser writes an address in its shortest form, IPv4 tails included.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const words = (part: string | undefined): number[] =>
    part ? part.split(':').map((word) => Number.parseInt(word, 16)) : []
  const front = words(head)
  const back = words(tail)
  const middle = new Array<number>(8 - front.length - back.length).fill(0)
  return Buffer.from([...front, ...middle, ...back].flatMap((word) => [word >> 8, word & 0xff]))
}

function extensions(template: CertificateTemplate, authorityKeyId: Buffer | undefined): Buffer[] {
  const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
    sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value))
  const list: Buffer[] = []
  if (template.keyUsages.length > 0) list.push(extension('2.5.29.15', true, keyUsageBits(template.keyUsages)))
  if (template.extendedKeyUsages?.length) {
    const ids = template.extendedKeyUsages.map((name) => oid(extendedOids[name]))
    list.push(extension('2.5.29.37', false, sequence(...ids)))
  }
  list.push(extension('2.5.29.19', true, template.isCa ? sequence(boolean(true)) : sequence()))
  if (template.isCa) {
    const bits = decode(template.publicKey)[0]?.content
    const key = bits ? decode(bits)[1]?.content.subarray(1) : undefined
    if (key) {
      list.push(extension('2.5.29.14', false, octetString(createHash('sha1').update(key).digest())))
    }
  }
  if (authorityKeyId) {
    list.push(extension('2.5.29.35', false, sequence(encode(contextTag(0, true), authorityKeyId))))
  }
  if (template.subjectAltName) list.push(extension('2.5.29.17', false, template.subjectAltName))
  return list
}

/** The highest bit comes first; DER leaves out what is 0 at the end. */
function keyUsageBits(usages: KeyUsage[]): Buffer {
  const highest = Math.max(...usages.map((name) => usageNames.indexOf(name)))
  const bytes = Buffer.alloc(Math.floor(highest / 8) + 1)
  for (const name of usages) {
    const bit = usageNames.indexOf(name)
    bytes[Math.floor(bit / 8)]! |= 0x80 >> (bit % 8)
  }
  return bitString(bytes, 7 - (highest % 8))
}

/** The issuer's subject, and its key identifier where it has one. */
function authorityOf(certificate: string | Buffer): { name: Buffer; keyId?: Buffer } {
  const [whole] = decode(new X509Certificate(certificate).raw)
  const [tbs] = decode(whole?.content ?? Buffer.alloc(0))
  const fields = decode(tbs?.content ?? Buffer.alloc(0))
  const name = fields[5]?.raw
  if (!name) throw new Error('malformed CA certificate')
  const [list] = decode(fields.find((field) => field.tag === contextTag(3))?.content ?? Buffer.alloc(0))
  for (const extension of list ? decode(list.content) : []) {
    const parts = decode(extension.content)
    if (parts[0] && oidText(parts[0].content) === '2.5.29.14') {
      const keyId = decode(parts.at(-1)?.content ?? Buffer.alloc(0))[0]?.content
      if (keyId) return { name, keyId }
    }
  }
  return { name }
}

function signatureAlgorithm(key: KeyObject): { identifier: Buffer; hash: string | null } {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return {
        identifier: sequence(oid('1.2.840.113549.1.1.11'), encode(tag.null)),
        hash: 'sha256',
      }
    case 'ec':
      return { identifier: sequence(oid('1.2.840.10045.4.3.2')), hash: 'sha256' }
    case 'ed25519':
      return { identifier: sequence(oid('1.3.101.112')), hash: null }
    default:
      throw new Error(`cannot sign with a key of type ${key.asymmetricKeyType}`)
  }
}

/** DER of the SubjectPublicKeyInfo that belongs to a private or public key. */
export function publicKeyOf(key: KeyObject): Buffer {
  return (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' })
}
