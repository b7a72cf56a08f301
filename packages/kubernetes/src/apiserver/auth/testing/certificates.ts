import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  encodeSubjectAltName,
  issueCertificate,
  publicKeyOf,
} from '../../../certificates/issue-certificate.ts'
import { encodeName } from '../../../certificates/x509-name.ts'

const day = 86_400_000

export interface TestCertificate {
  pem: string
  key: KeyObject
  /** PKCS #8. */
  keyPem: string
}

/** A CA of its own, valid from yesterday until tomorrow. */
export function testCa(name = 'test-ca'): TestCertificate {
  return issue(name, [], undefined, { isCa: true })
}

export function issue(
  commonName: string,
  organizations: string[],
  ca: TestCertificate | undefined,
  options: { isCa?: boolean; server?: string[]; notAfter?: number } = {},
): TestCertificate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = issueCertificate(
    {
      subject: encodeName({ commonName, organizations }),
      publicKey: publicKeyOf(privateKey),
      notBefore: Date.now() - day,
      notAfter: options.notAfter ?? Date.now() + day,
      keyUsages: options.isCa ? ['keyCertSign'] : ['digitalSignature'],
      ...(!options.isCa && { extendedKeyUsages: [options.server ? 'serverAuth' : 'clientAuth'] }),
      ...(options.isCa && { isCa: true }),
      ...(options.server && { subjectAltName: encodeSubjectAltName(options.server) }),
    },
    ca ? { certificate: ca.pem, key: ca.key } : { key: privateKey },
  )
  return { pem, key: privateKey, keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}
