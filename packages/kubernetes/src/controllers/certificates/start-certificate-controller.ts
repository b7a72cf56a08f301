import { X509Certificate } from 'node:crypto'
import { isReason } from '../../api/api-error.ts'
import { parseTime, toTime } from '../../api/time.ts'
import type { SubjectAccessReview } from '../../api/types/authorization-v1.ts'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts'
import { parseCertificateRequest } from '../../certificates/certificate-request.ts'
import { certificateSigningRequests, subjectAccessReviews } from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { notKubeletClient } from './kubelet-requests.ts'
import { createSigner, isOurSigner, signRequest, whyNotSigned } from './sign-request.ts'

const hour = 3_600_000
const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet'

/**
 * The life of CertificateSigningRequests: approves those that kubelets make for themselves, signs approved ones for
 * Kubernetes' own signers, and deletes what is old. Keys are names of requests.
 */
export function startCertificateController(
  context: ControllerContext,
  ca: { certificate: string; key: string },
): Controller {
  const { client } = context
  const cache = context.informers.informer<CertificateSigningRequest>(certificateSigningRequests)
  const loop = createLoop(context, { name: 'certificate-controller', caches: [cache], reconcile })
  loop.follow(cache)

  async function reconcile(name: string): Promise<void> {
    const csr = cache.get('', name)
    if (!csr) return
    try {
      const left = timeLeft(csr, context.now())
      if (left <= 0) {
        await client.delete(certificateSigningRequests, undefined, name)
        return
      }
      loop.queue.addAfter(name, left)
      if (csr.status?.certificate || is(csr, 'Denied') || is(csr, 'Failed')) return
      if (is(csr, 'Approved')) await sign(csr)
      else await approve(csr)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  async function approve(csr: CertificateSigningRequest): Promise<void> {
    if (csr.spec.signerName !== kubeletClientSigner) return
    const request = parse(csr)
    if (notKubeletClient(request, csr.spec.usages ?? [])) return
    const own = csr.spec.username === request.subject.commonName
    const reviews = own
      ? ([
          ['selfnodeclient', 'self kubelet'],
          ['nodeclient', 'kubelet'],
        ] as const)
      : ([['nodeclient', 'kubelet']] as const)
    for (const [subresource, whose] of reviews) {
      if (!(await mayCreate(csr, subresource))) continue
      const message = `Auto approving ${whose} client certificate after SubjectAccessReview.`
      const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message }
      const conditions = [...(csr.status?.conditions ?? []), condition]
      await client.update<CertificateSigningRequest>(
        certificateSigningRequests,
        { ...csr, status: { ...csr.status, conditions } },
        { subresource: 'approval' },
      )
      return
    }
  }

  async function mayCreate({ spec }: CertificateSigningRequest, subresource: string): Promise<boolean> {
    const { username, uid, groups, extra } = spec
    const review: SubjectAccessReview = {
      metadata: {},
      spec: {
        ...(username && { user: username }),
        ...(uid && { uid }),
        ...(groups && { groups }),
        ...(extra && { extra }),
        resourceAttributes: {
          group: 'certificates.k8s.io',
          resource: 'certificatesigningrequests',
          verb: 'create',
          subresource,
          version: '*',
        },
      },
    }
    const { status } = await client.create<SubjectAccessReview>(subjectAccessReviews, undefined, review)
    return status?.allowed === true
  }

  async function sign(csr: CertificateSigningRequest): Promise<void> {
    if (!isOurSigner(csr.spec.signerName)) return
    const request = parse(csr)
    const refusal = whyNotSigned(csr, request)
    const now = context.now()
    const status = refusal
      ? {
          ...csr.status,
          conditions: [
            ...(csr.status?.conditions ?? []),
            {
              type: 'Failed',
              status: 'True',
              reason: 'SignerValidationFailure',
              message: refusal,
              lastUpdateTime: toTime(now),
            },
          ],
        }
      : {
          ...csr.status,
          certificate: Buffer.from(signRequest(csr, request, createSigner(ca), now)).toString('base64'),
        }
    await client.update<CertificateSigningRequest>(
      certificateSigningRequests,
      { ...csr, status },
      { subresource: 'status' },
    )
  }

  return loop
}

function parse({ spec }: CertificateSigningRequest) {
  return parseCertificateRequest(Buffer.from(spec.request, 'base64').toString())
}

function is({ status }: CertificateSigningRequest, type: string): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === type && condition.status !== 'False') === true
  )
}

/** Milliseconds until the request is of no more use: an hour after it was answered, a day when nobody answers. */
function timeLeft(csr: CertificateSigningRequest, now: number): number {
  const { conditions = [], certificate } = csr.status ?? {}
  const answers = conditions.filter(({ type }) => ['Approved', 'Denied', 'Failed'].includes(type))
  const answered = answers.map(({ lastUpdateTime }) => (parseTime(lastUpdateTime) ?? now) + hour)
  const created = parseTime(csr.metadata.creationTimestamp) ?? now
  const ends = answered.length > 0 ? answered : [created + 24 * hour]
  if (certificate) ends.push(expiry(certificate) ?? Number.POSITIVE_INFINITY)
  return Math.min(...ends) - now
}

function expiry(base64: string): number | undefined {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).validToDate.getTime()
  } catch {
    // Another signer's certificate may be anything.
    return undefined
  }
}
