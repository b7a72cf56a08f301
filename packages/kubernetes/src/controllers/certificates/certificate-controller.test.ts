import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts'
import type { Secret } from '../../api/types/core-v1.ts'
import {
  bitString,
  contextTag,
  encode,
  integer,
  octetString,
  oid,
  sequence,
  set,
} from '../../certificates/der.ts'
import { encodeSubjectAltName, issueCertificate, publicKeyOf } from '../../certificates/issue-certificate.ts'
import { encodeName } from '../../certificates/x509-name.ts'
import { certificateSigningRequests, secrets, serviceAccounts } from '../../client/resources.ts'
import { startTokenController } from '../serviceaccount/start-token-controller.ts'
import { createTestCluster } from '../testing/test-cluster.ts'
import { startCertificateController } from './start-certificate-controller.ts'

const caKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ca = {
  certificate: issueCertificate(
    {
      subject: encodeName({ commonName: 'ca', organizations: [] }),
      publicKey: publicKeyOf(caKeys.privateKey),
      notBefore: Date.now() - 60_000,
      notAfter: Date.now() + 10 * 365 * 86_400_000,
      keyUsages: ['keyCertSign'],
      isCa: true,
    },
    { key: caKeys.privateKey },
  ),
  key: caKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
}

function request(names: string[]): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const extension = sequence(oid('2.5.29.17'), octetString(encodeSubjectAltName(names)))
  const attribute = sequence(oid('1.2.840.113549.1.9.14'), set(sequence(extension)))
  const info = sequence(
    integer(Buffer.from([0])),
    encodeName({ commonName: 'system:node:n', organizations: ['system:nodes'] }),
    publicKeyOf(privateKey),
    encode(contextTag(0), ...(names.length > 0 ? [attribute] : [])),
  )
  const der = sequence(
    info,
    sequence(oid('1.2.840.10045.4.3.2')),
    bitString(sign('sha256', info, privateKey)),
  )
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
  return Buffer.from(pem).toString('base64')
}

test('an approved request is signed; one that is not what its signer signs fails', async (t) => {
  const cluster = await createTestCluster()
  t.after(() => cluster.stop())
  const { client } = cluster
  cluster.start(startCertificateController(cluster.context, ca))
  const cases = [
    ['good', request(['n', '192.0.2.1'])],
    ['nameless', request([])],
  ] as const
  for (const [name, body] of cases) {
    const csr = await client.create<CertificateSigningRequest>(certificateSigningRequests, undefined, {
      metadata: { name },
      spec: {
        request: body,
        signerName: 'kubernetes.io/kubelet-serving',
        usages: ['digital signature', 'server auth'],
        expirationSeconds: 3600,
      },
    })
    const conditions = [{ type: 'Approved', status: 'True', reason: 'Test', message: '' }]
    await client.update(
      certificateSigningRequests,
      { ...csr, status: { conditions } },
      { subresource: 'approval' },
    )
  }
  const good = await cluster.until<CertificateSigningRequest>(certificateSigningRequests, '', 'good', (csr) =>
    Boolean(csr?.status?.certificate),
  )
  const certificate = new X509Certificate(Buffer.from(good?.status?.certificate ?? '', 'base64'))
  assert.ok(certificate.checkIssued(new X509Certificate(ca.certificate)))
  assert.ok(certificate.verify(caKeys.publicKey))
  assert.equal(certificate.subjectAltName, 'DNS:n, IP Address:192.0.2.1')
  const minutes = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / 60_000
  assert.equal(Math.round(minutes), 65)
  const bad = await cluster.until<CertificateSigningRequest>(
    certificateSigningRequests,
    '',
    'nameless',
    (csr) => (csr?.status?.conditions?.length ?? 0) > 1,
  )
  assert.equal(bad?.status?.conditions?.[1]?.reason, 'SignerValidationFailure')
  assert.equal(bad?.status?.conditions?.[1]?.message, 'DNS or IP subjectAltName is required')
})

test('a token secret is filled, and goes with its account', async (t) => {
  const cluster = await createTestCluster()
  t.after(() => cluster.stop())
  const { client } = cluster
  const sign = ({ metadata }: { metadata: { name?: string } }, secret: string) => `${metadata.name}/${secret}`
  cluster.start(startTokenController(cluster.context, { rootCa: 'the CA', sign }))
  await client.create(serviceAccounts, 'default', { metadata: { name: 'robot' } })
  await client.create(secrets, 'default', {
    metadata: { name: 'token', annotations: { 'kubernetes.io/service-account.name': 'robot' } },
    type: 'kubernetes.io/service-account-token',
  })
  const filled = await cluster.until<Secret>(secrets, 'default', 'token', (secret) =>
    Boolean(secret?.data?.token),
  )
  assert.equal(Buffer.from(filled?.data?.token ?? '', 'base64').toString(), 'robot/token')
  assert.equal(Buffer.from(filled?.data?.['ca.crt'] ?? '', 'base64').toString(), 'the CA')
  await client.delete(serviceAccounts, 'default', 'robot')
  await cluster.until(secrets, 'default', 'token', (secret) => secret === undefined)
})
