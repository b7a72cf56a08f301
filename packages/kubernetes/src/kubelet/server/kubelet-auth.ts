import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { ApiError } from '../../api/api-error.ts'
import type { TokenReview } from '../../api/types/authentication-v1.ts'
import type { ResourceAttributes, SubjectAccessReview } from '../../api/types/authorization-v1.ts'
import { CertificateAuthenticator } from '../../apiserver/auth/authentication/certificate-authenticator.ts'
import { CertificateVerifier } from '../../apiserver/auth/authentication/certificate-verifier.ts'
import { authenticatedGroup, privilegedGroup, type UserInfo } from '../../apiserver/auth/user-info.ts'
import type { Client } from '../../client/client.ts'
import { subjectAccessReviews, tokenReviews } from '../../client/resources.ts'
import { AnswerCache } from './answer-cache.ts'
import { requestAttributes } from './request-attributes.ts'

/** How long the API server's answers hold, as upstream's kubelet has them. */
const tokenMs = 120_000
const allowedMs = 300_000
const deniedMs = 30_000

export interface KubeletAuthOptions {
  nodeName: string
  /** PEM. */
  clientCa: string
  client: Client | undefined
}

/** Who may ask the kubelet: holders of certificates and tokens that the API server lets do so. Nobody is anonymous. */
export class KubeletAuth {
  private readonly options: KubeletAuthOptions
  private readonly certificates: CertificateAuthenticator
  private readonly tokens = new AnswerCache<UserInfo | undefined>()
  private readonly decisions = new AnswerCache<boolean>()

  constructor(options: KubeletAuthOptions) {
    this.options = options
    this.certificates = new CertificateAuthenticator(new CertificateVerifier(options.clientCa, Date.now))
  }

  /**
   * @param root the first part of the path
   * @throws ApiError Unauthorized, Forbidden; InternalError when the API server cannot be asked
   */
  async admit(
    message: IncomingMessage,
    root: string,
    certificate: X509Certificate | undefined,
  ): Promise<void> {
    const user = await this.identify(message, certificate)
    if (!user) throw new ApiError('Unauthorized', 'Unauthorized')
    await this.authorize(user, message.method ?? 'GET', root)
  }

  private async identify(
    { headers }: IncomingMessage,
    peerCertificate: X509Certificate | undefined,
  ): Promise<UserInfo | undefined> {
    const token = /^\s*bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
    let user: UserInfo | undefined
    try {
      if (peerCertificate) user = await this.certificates.authenticate({ headers, peerCertificate })
      if (!user && token) user = await this.reviewToken(token)
    } catch {
      // Credentials that are wrong are as good as none.
    }
    return user && { ...user, groups: [...new Set([...user.groups, authenticatedGroup])] }
  }

  private reviewToken(token: string): Promise<UserInfo | undefined> {
    const { client } = this.options
    return this.tokens.get(token, async () => {
      const review: TokenReview = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        metadata: {},
        spec: { token },
      }
      const { status } = (await client?.create(tokenReviews, undefined, review)) ?? {}
      if (!status?.authenticated) return { value: undefined, forMs: 0 }
      const { username = '', uid, groups = [], extra } = status.user ?? {}
      return { value: { username, groups, ...(uid && { uid }), ...(extra && { extra }) }, forMs: tokenMs }
    })
  }

  private async authorize(user: UserInfo, method: string, root: string): Promise<void> {
    if (user.groups.includes(privilegedGroup)) return
    const asked = requestAttributes(method, root, this.options.nodeName)
    for (const attributes of asked) {
      const of = `user=${user.username}, verb=${attributes.verb}, resource=nodes, subresource=${attributes.subresource}`
      try {
        if (await this.reviewAccess(user, attributes)) return
      } catch {
        throw new ApiError('InternalError', `Authorization error (${of})`)
      }
    }
    const names = asked.map(({ subresource }) => subresource).join(' ')
    throw new ApiError(
      'Forbidden',
      `Forbidden (user=${user.username}, verb=${asked[0]!.verb}, resource=nodes, subresource(s)=[${names}])\n`,
    )
  }

  private reviewAccess(
    { username, uid, groups, extra }: UserInfo,
    resourceAttributes: ResourceAttributes,
  ): Promise<boolean> {
    const spec = { user: username, groups, ...(uid && { uid }), ...(extra && { extra }), resourceAttributes }
    return this.decisions.get(JSON.stringify(spec), async () => {
      const review: SubjectAccessReview = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec,
      }
      const { status } = (await this.options.client?.create(subjectAccessReviews, undefined, review)) ?? {}
      const value = status?.allowed ?? false
      return { value, forMs: value ? allowedMs : deniedMs }
    })
  }
}
