import { X509Certificate } from 'node:crypto'
import { parseCertificateRequest } from '../../../certificates/certificate-request.ts'
import { deepEqual } from '../../json.ts'
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../types/certificates-v1.ts'
import { validateSignerName } from '../core/signer-name.ts'
import type { Field } from '../field.ts'
import { oneOf } from '../rules.ts'
import { unifiedDiff } from '../unified-diff.ts'
import type { Validator } from '../validator.ts'

const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]
const legacySigner = 'kubernetes.io/legacy-unknown'
const shortest = 600

function requestProblem(request: string): string | undefined {
  try {
    parseCertificateRequest(Buffer.from(request, 'base64').toString())
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function certificateProblem(data: string): string | undefined {
  const text = Buffer.from(data, 'base64').toString()
  if (!text) return undefined
  const blocks = [...text.matchAll(/-----BEGIN ([^-]+)-----\n([\s\S]*?)-----END \1-----/g)]
  for (const [whole, type, content = ''] of blocks) {
    if (type !== 'CERTIFICATE')
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`
    if (content.includes(':')) return 'no PEM block headers are permitted'
    try {
      new X509Certificate(whole)
    } catch (error) {
      return (error as Error).message
    }
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined
}

type Conditions = CertificateSigningRequestCondition[]

function ofType(object: CertificateSigningRequest | undefined, type: string): Conditions {
  return (object?.status?.conditions ?? []).filter((condition) => condition.type === type)
}

function hasDuplicates(values: string[]): boolean {
  return new Set(values).size < values.length
}

function validateConditions(conditions: Conditions, field: Field, old?: CertificateSigningRequest): void {
  const before = (old?.status?.conditions ?? []).map(({ type }) => type)
  const allowBoth = before.includes('Approved') && before.includes('Denied')
  const seen = new Set<string>()
  for (const [index, { type = '', status }] of conditions.entries()) {
    const at = field.index(index)
    if (!type && !before.includes('')) at.at('type').required()
    const alwaysTrue = ['Approved', 'Denied', 'Failed'].includes(type)
    oneOf(status, alwaysTrue ? ['True'] : ['False', 'True', 'Unknown'], at.at('status'))
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined
    if (opposite && seen.has(opposite) && !allowBoth)
      field.invalid(type, 'Approved and Denied conditions are mutually exclusive')
    if (seen.has(type) && !hasDuplicates(before)) at.at('type').duplicate(type)
    seen.add(type)
  }
}

/** What was wrong in `old` already may stay. */
function validate(object: CertificateSigningRequest, field: Field, old?: CertificateSigningRequest): void {
  const { request = '', usages: given = [], signerName, expirationSeconds } = object.spec ?? {}
  const at = field.at('spec')
  const problem = requestProblem(request)
  if (problem) at.at('request').invalid(request, problem)
  const before = old?.spec?.usages ?? []
  if (given.length === 0) at.at('usages').required()
  for (const [index, usage] of given.entries()) {
    const here = at.at('usages').index(index)
    if (!usages.includes(usage) && before.every((each) => usages.includes(each)))
      here.notSupported(usage, usages)
    if (given.indexOf(usage) < index && !hasDuplicates(before)) here.duplicate(usage)
  }
  if (signerName === legacySigner && old?.spec?.signerName !== legacySigner) {
    at.at('signerName').invalid(signerName, 'the legacy signerName is not allowed via this API version')
  } else {
    validateSignerName(signerName, at.at('signerName'))
  }
  if (expirationSeconds !== undefined && expirationSeconds < shortest) {
    at.at('expirationSeconds').invalid(
      expirationSeconds,
      'may not specify a duration less than 600 seconds (10 minutes)',
    )
  }
  validateConditions(object.status?.conditions ?? [], field.at('status', 'conditions'), old)
  const certificate = object.status?.certificate ?? ''
  const oldCertificate = old?.status?.certificate ?? ''
  if (certificate === oldCertificate || (old && certificateProblem(oldCertificate))) return
  const wrong = certificateProblem(certificate)
  if (wrong) field.at('status', 'certificate').invalid('<certificate data>', wrong)
}

function validateUpdate(
  next: CertificateSigningRequest,
  old: CertificateSigningRequest,
  subresource: string,
  field: Field,
): void {
  validate(next, field, old)
  const at = field.at('status', 'conditions')
  for (const type of ['Approved', 'Denied', 'Failed']) {
    if (ofType(next, type).length < ofType(old, type).length)
      at.forbidden(`updates may not remove a condition of type "${type}"`)
  }
  for (const type of subresource === 'approval' ? [] : ['Approved', 'Denied']) {
    const now = ofType(next, type)
    const before = ofType(old, type)
    if (now.length > before.length) at.forbidden(`updates may not add a condition of type "${type}"`)
    else if (now.length === before.length && !deepEqual(now, before)) {
      at.forbidden(`updates may not modify a condition of type "${type}"\n${unifiedDiff(before, now)}`)
    }
  }
  const certificate = old.status?.certificate ?? ''
  if ((next.status?.certificate ?? '') === certificate) return
  const certificateField = field.at('status', 'certificate')
  if (subresource !== 'status') certificateField.forbidden('updates may not set certificate content')
  else if (certificate) certificateField.forbidden('updates may not modify existing certificate content')
}

export const certificateSigningRequests: Validator<CertificateSigningRequest> = {
  create: (object, field) => validate(object, field),
  update: validateUpdate,
}
