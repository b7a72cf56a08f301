import { deepEqual } from '../../api/json.ts'
import type { CertificateRequest } from '../../certificates/certificate-request.ts'

const clientUsages = ['client auth', 'digital signature', 'key encipherment']
const servingUsages = ['digital signature', 'key encipherment', 'server auth']

/** Why a request is none for a kubelet's client certificate. */
export function notKubeletClient(request: CertificateRequest, usages: string[]): string | undefined {
  return (
    notOfNodes(request) ??
    (request.dnsNames.length > 0 ? 'DNS subjectAltNames are not allowed' : undefined) ??
    foreignNames(request, 'Email') ??
    (request.ipAddresses.length > 0 ? 'IP subjectAltNames are not allowed' : undefined) ??
    foreignNames(request, 'URI') ??
    notNamedNode(request) ??
    wrongUsages(usages, clientUsages)
  )
}

/** Why a request is none for a kubelet's serving certificate. */
export function notKubeletServing(request: CertificateRequest, usages: string[]): string | undefined {
  return (
    notOfNodes(request) ??
    (request.dnsNames.length + request.ipAddresses.length === 0
      ? 'DNS or IP subjectAltName is required'
      : undefined) ??
    foreignNames(request, 'Email') ??
    foreignNames(request, 'URI') ??
    wrongUsages(usages, servingUsages) ??
    notNamedNode(request)
  )
}

function notOfNodes({ subject }: CertificateRequest): string | undefined {
  const ofNodes = deepEqual(subject.organizations, ['system:nodes'])
  return ofNodes ? undefined : 'subject organization is not system:nodes'
}

function notNamedNode({ subject }: CertificateRequest): string | undefined {
  const named = subject.commonName.startsWith('system:node:')
  return named ? undefined : 'subject common name does not begin with system:node:'
}

function foreignNames(
  { emailAddresses, uris }: CertificateRequest,
  kind: 'Email' | 'URI',
): string | undefined {
  const names = kind === 'Email' ? emailAddresses : uris
  return names.length > 0 ? `${kind} subjectAltNames are not allowed` : undefined
}

/** `key encipherment` is for RSA keys only. */
function wrongUsages(usages: string[], required: string[]): string | undefined {
  const given = [...new Set(usages)].sort()
  const allowed = [required, required.filter((usage) => usage !== 'key encipherment')]
  return allowed.some((each) => deepEqual(given, each))
    ? undefined
    : `usages did not match [${required.join(' ')}]`
}
