import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { parseCertificateRequest } from './certificate-request.ts'
import { bitString, contextTag, encode, integer, octetString, oid, sequence, set } from './der.ts'
import { encodeSubjectAltName, issueCertificate, publicKeyOf } from './issue-certificate.ts'
import { encodeName } from './x509-name.ts'

const day = 86_400_000
const now = Date.now()

const kinds = {
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  EC: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  Ed25519: () => generateKeyPairSync('ed25519'),
}

/** A request as openssl or a kubelet would make it. */
function request(kind: keyof typeof kinds, san: string[]): string {
  const { privateKey } = kinds[kind]()
  const extension = sequence(oid('2.5.29.17'), octetString(encodeSubjectAltName(san)))
  const info = sequence(
    integer(Buffer.from([0])),
    encodeName({ commonName: 'system:node:n1', organizations: ['system:nodes'] }),
    publicKeyOf(privateKey),
    encode(contextTag(0), sequence(oid('1.2.840.113549.1.9.14'), set(sequence(extension)))),
  )
  const algorithm = { RSA: '1.2.840.113549.1.1.11', EC: '1.2.840.10045.4.3.2', Ed25519: '1.3.101.112' }[kind]
  const signature = sign(kind === 'Ed25519' ? null : 'sha256', info, privateKey)
  const der = sequence(info, sequence(oid(algorithm)), bitString(signature))
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
}

for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
  test(`${kind}: a CA signs what a request asks for`, () => {
    const ca = kinds[kind]()
    const caPem = issueCertificate(
      {
        subject: encodeName({ commonName: 'ca', organizations: [] }),
        publicKey: publicKeyOf(ca.privateKey),
        notBefore: now - day,
        notAfter: now + 40 * 365 * day,
        keyUsages: ['digitalSignature', 'keyEncipherment', 'keyCertSign'],
        isCa: true,
      },
      { key: ca.privateKey },
    )
    const csr = parseCertificateRequest(request(kind, ['n1', '10.0.0.1', 'fd00::1:2']))
    assert.deepEqual(csr.subject, { commonName: 'system:node:n1', organizations: ['system:nodes'] })
    assert.deepEqual(csr.dnsNames, ['n1'])
    assert.deepEqual(csr.ipAddresses, ['10.0.0.1', 'fd00:0000:0000:0000:0000:0000:0001:0002'])
    const pem = issueCertificate(
      {
        subject: csr.rawSubject,
        publicKey: csr.rawPublicKey,
        notBefore: now - day,
        notAfter: now + day,
        keyUsages: ['digitalSignature'],
        extendedKeyUsages: ['serverAuth'],
        ...(csr.rawSubjectAltName && { subjectAltName: csr.rawSubjectAltName }),
      },
      { certificate: caPem, key: ca.privateKey },
    )
    const authority = new X509Certificate(caPem)
    const certificate = new X509Certificate(pem)
    assert.ok(authority.ca)
    assert.ok(authority.checkIssued(authority))
    assert.ok(authority.validToDate.getTime() > now + 39 * 365 * day)
    assert.ok(certificate.checkIssued(authority))
    assert.ok(certificate.verify(ca.publicKey))
    assert.ok(!certificate.ca)
    assert.equal(certificate.subject, 'O=system:nodes\nCN=system:node:n1')
    assert.equal(certificate.subjectAltName, 'DNS:n1, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:1:2')
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  })
}

test('a request that somebody changed is refused', () => {
  const pem = request('EC', ['n1'])
  const der = Buffer.from(pem.split('\n')[1] as string, 'base64')
  der[der.indexOf('system:node:n1')] = 0x53
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
  assert.throws(() => parseCertificateRequest(forged), /not signed by its own key/)
})
