import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts'
import type { CertificateRequest } from '../../certificates/certificate-request.ts'
import {
  type ExtendedKeyUsage,
  issueCertificate,
  type KeyUsage,
} from '../../certificates/issue-certificate.ts'
import { notKubeletClient, notKubeletServing } from './kubelet-requests.ts'

const keyUsages: Record<string, KeyUsage> = {
  signing: 'digitalSignature',
  'digital signature': 'digitalSignature',
  'content commitment': 'contentCommitment',
  'key encipherment': 'keyEncipherment',
  'key agreement': 'keyAgreement',
  'data encipherment': 'dataEncipherment',
  'cert sign': 'keyCertSign',
  'crl sign': 'cRLSign',
  'encipher only': 'encipherOnly',
  'decipher only': 'decipherOnly',
}
const extendedUsages: Record<string, ExtendedKeyUsage> = {
  any: 'anyExtendedKeyUsage',
  'server auth': 'serverAuth',
  'client auth': 'clientAuth',
  'code signing': 'codeSigning',
  'email protection': 'emailProtection',
  's/mime': 'emailProtection',
  'ipsec end system': 'ipsecEndSystem',
  'ipsec tunnel': 'ipsecTunnel',
  'ipsec user': 'ipsecUser',
  timestamping: 'timeStamping',
  'ocsp signing': 'ocspSigning',
  'microsoft sgc': 'microsoftSgc',
  'netscape sgc': 'netscapeSgc',
}

const hour = 3_600_000
const longestMs = 365 * 24 * hour
const shortestMs = 10 * 60_000
const backdateMs = 5 * 60_000

export interface Signer {
  certificate: string
  key: KeyObject
}

/** @param pems PEMs of the CA and its key */
export function createSigner(pems: { certificate: string; key: string }): Signer {
  return { certificate: pems.certificate, key: createPrivateKey(pems.key) }
}

/** The signers of kube-controller-manager, and why a request is not for them. */
const checks: Record<string, (request: CertificateRequest, usages: string[]) => string | undefined> = {
  'kubernetes.io/kubelet-serving': notKubeletServing,
  'kubernetes.io/kube-apiserver-client-kubelet': notKubeletClient,
  'kubernetes.io/kube-apiserver-client': (_request, usages) => {
    const allowed = ['digital signature', 'key encipherment', 'client auth']
    const wrong = usages.find((usage) => !allowed.includes(usage))
    if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`
    return usages.includes('client auth')
      ? undefined
      : 'missing required usage for client certificate: client auth'
  },
  'kubernetes.io/legacy-unknown': () => undefined,
}

export function isOurSigner(signerName: string | undefined): boolean {
  return signerName !== undefined && Object.hasOwn(checks, signerName)
}

export function whyNotSigned(
  csr: CertificateSigningRequest,
  request: CertificateRequest,
): string | undefined {
  return checks[csr.spec.signerName]?.(request, csr.spec.usages ?? [])
}

/** @returns PEM @throws Error for usages that nobody knows, or a CA that has expired */
export function signRequest(
  csr: CertificateSigningRequest,
  request: CertificateRequest,
  signer: Signer,
  now: number,
): string {
  const usages = csr.spec.usages ?? []
  const unknown = usages.filter((usage) => !keyUsages[usage] && !extendedUsages[usage])
  if (unknown.length > 0) {
    throw new Error(`unrecognized usage values: [${unknown.map((usage) => JSON.stringify(usage)).join(' ')}]`)
  }
  const caEnds = new X509Certificate(signer.certificate).validToDate.getTime()
  if (now >= caEnds) {
    throw new Error(
      `refusing to sign a certificate that expired in the past: NotAfter=${new Date(caEnds).toISOString()}`,
    )
  }
  const asked = (csr.spec.expirationSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const duration = Math.min(longestMs, Math.max(shortestMs, asked))
  // Backdating takes off a long life only: it would be too much of a short one.
  const ends = now + duration - (duration < 8 * hour ? 0 : backdateMs)
  return issueCertificate(
    {
      subject: request.rawSubject,
      publicKey: request.rawPublicKey,
      notBefore: now - backdateMs,
      notAfter: Math.min(ends, caEnds),
      keyUsages: [...new Set(usages.flatMap((usage) => keyUsages[usage] ?? []))],
      extendedKeyUsages: [...new Set(usages.flatMap((usage) => extendedUsages[usage] ?? []))],
      ...(request.rawSubjectAltName && { subjectAltName: request.rawSubjectAltName }),
    },
    signer,
  )
}
