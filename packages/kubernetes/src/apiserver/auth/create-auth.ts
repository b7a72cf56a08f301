import { ApiError } from '../../api/api-error.ts'
import type { PolicyRule } from '../../api/types/rbac-v1.ts'
import type { Auth, AuthOptions } from './auth.ts'
import { BearerAuthenticator } from './authentication/bearer-authenticator.ts'
import { CertificateAuthenticator } from './authentication/certificate-authenticator.ts'
import { CertificateVerifier } from './authentication/certificate-verifier.ts'
import { FrontProxyAuthenticator } from './authentication/front-proxy-authenticator.ts'
import { impersonate } from './authentication/impersonation.ts'
import type { Authenticator, Credentials } from './authenticator.ts'
import { forbidden } from './authorization/forbidden.ts'
import { NodeAuthorizer } from './authorization/node-authorizer.ts'
import { NodePods } from './authorization/node-pods.ts'
import { RbacAuthorizer } from './authorization/rbac-authorizer.ts'
import { RbacIndex } from './authorization/rbac-index.ts'
import { UnionAuthorizer } from './authorization/union-authorizer.ts'
import { parseRoles } from './bootstrap-policy/parse-policy.ts'
import { clusterRoles } from './bootstrap-policy/policy-data.ts'
import { reconcilePolicy } from './bootstrap-policy/reconcile-policy.ts'
import type { CreateHandler } from './create-handler.ts'
import { createAccessReviewHandler } from './reviews/access-review.ts'
import { createRulesReviewHandler } from './reviews/rules-review.ts'
import { createSelfSubjectReviewHandler } from './reviews/self-subject-review.ts'
import { createTokenReviewHandler } from './reviews/token-review.ts'
import { BootstrapTokenAuthenticator } from './tokens/bootstrap-token-authenticator.ts'
import { LegacyTokenAuthenticator } from './tokens/legacy-token-authenticator.ts'
import { jwksDocument, openidConfiguration } from './tokens/openid-documents.ts'
import { ServiceAccountTokenAuthenticator } from './tokens/service-account-token-authenticator.ts'
import { TokenFileAuthenticator } from './tokens/token-file-authenticator.ts'
import { createTokenRequestHandler } from './tokens/token-request.ts'
import { createTokenSigner } from './tokens/token-signer.ts'
import { anonymousName, authenticatedGroup, type UserInfo, unauthenticatedGroup } from './user-info.ts'

export function createAuth(options: AuthOptions): Auth {
  const { store, client, serviceAccount, now = Date.now } = options
  const log = options.log.child('auth')
  const signer = createTokenSigner(
    serviceAccount.issuer,
    serviceAccount.privateKey,
    serviceAccount.publicKeys,
  )
  const audiences = serviceAccount.audiences ?? [serviceAccount.issuer]
  const bearer = new BearerAuthenticator(
    [
      ...(options.tokenFile ? [new TokenFileAuthenticator(options.tokenFile)] : []),
      new ServiceAccountTokenAuthenticator(signer, audiences, store, now),
      new LegacyTokenAuthenticator({ signer, audiences, store, client, log, now }),
      new BootstrapTokenAuthenticator(store, now),
    ],
    audiences,
  )
  const authenticators: Authenticator[] = [
    ...(options.frontProxyCa
      ? [new FrontProxyAuthenticator(new CertificateVerifier(options.frontProxyCa, now), [])]
      : []),
    new CertificateAuthenticator(new CertificateVerifier(options.clientCa, now)),
    bearer,
  ]

  const pods = new NodePods(store)
  const index = new RbacIndex(store)
  const rbac = new RbacAuthorizer(index)
  const authorizer = new UnionAuthorizer([new NodeAuthorizer(store, pods, nodeRules()), rbac])
  const reviews = (kind: Parameters<typeof createAccessReviewHandler>[0]): [string, CreateHandler] => [
    `authorization.k8s.io/${kind.toLowerCase()}s`,
    createAccessReviewHandler(kind, authorizer),
  ]

  return {
    async identify(credentials, request) {
      const user = await authenticate(authenticators, credentials)
      return impersonate(credentials, { ...request, user }, authorizer)
    },
    async authorize(attributes) {
      const { allowed, reason } = authorizer.authorize(attributes)
      if (!allowed) throw forbidden(attributes, reason)
    },
    authorizer,
    rules: rbac,
    signer,
    handlers: new Map([
      ['core/serviceaccounts/token', createTokenRequestHandler({ signer, audiences, store, now })],
      ['authentication.k8s.io/tokenreviews', createTokenReviewHandler(bearer, audiences)],
      ['authentication.k8s.io/selfsubjectreviews', createSelfSubjectReviewHandler(now)],
      reviews('SubjectAccessReview'),
      reviews('SelfSubjectAccessReview'),
      reviews('LocalSubjectAccessReview'),
      ['authorization.k8s.io/selfsubjectrulesreviews', createRulesReviewHandler(rbac)],
    ]),
    openidConfiguration: openidConfiguration(signer, options.externalAddress),
    jwks: jwksDocument(signer),
    startPolicy: () => reconcilePolicy(client),
    close() {
      pods.close()
      index.close()
    },
  }
}

/** The first authenticator that knows the credentials; anonymous without any. @throws ApiError Unauthorized */
async function authenticate(
  authenticators: readonly Authenticator[],
  credentials: Credentials,
): Promise<UserInfo> {
  let refused = false
  for (const authenticator of authenticators) {
    try {
      const user = await authenticator.authenticate(credentials)
      if (user) return withAuthenticatedGroup(user)
    } catch {
      // What is wrong with credentials is nothing to tell who shows them.
      refused = true
    }
  }
  if (refused) throw new ApiError('Unauthorized', 'Unauthorized')
  return { username: anonymousName, groups: [unauthenticatedGroup] }
}

function withAuthenticatedGroup(user: UserInfo): UserInfo {
  const settled = user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup)
  return settled || user.username === anonymousName
    ? user
    : { ...user, groups: [...user.groups, authenticatedGroup] }
}

function nodeRules(): () => readonly PolicyRule[] {
  let rules: readonly PolicyRule[] | undefined
  return () =>
    (rules ??= parseRoles(clusterRoles, 'ClusterRole').find(
      ({ metadata }) => metadata.name === 'system:node',
    )!.rules)
}
