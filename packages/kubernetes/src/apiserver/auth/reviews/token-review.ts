import { ApiError } from '../../../api/api-error.ts'
import type { BearerAuthenticator } from '../authentication/bearer-authenticator.ts'
import type { CreateHandler } from '../create-handler.ts'
import { authenticatedGroup } from '../user-info.ts'

/** `create` of TokenReview: whose token is this, and is it good? */
export function createTokenReviewHandler(
  tokens: BearerAuthenticator,
  ownAudiences: readonly string[],
): CreateHandler {
  return async ({ object }) => {
    const spec = (object.spec ?? {}) as { token?: string; audiences?: string[] }
    if (!spec.token) throw ApiError.badRequest('token is required for TokenReview in authentication')
    const wanted = spec.audiences?.length ? spec.audiences : ownAudiences
    const answer = (status: object) => ({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: object.metadata ?? {},
      spec,
      status,
    })
    try {
      const { user, audiences } = await tokens.authenticateToken(spec.token, wanted)
      return answer({
        authenticated: true,
        user: { ...user, groups: [...user.groups, authenticatedGroup] },
        audiences: audiences ?? ownAudiences.filter((audience) => wanted.includes(audience)),
      })
    } catch (error) {
      return answer({ user: {}, error: error instanceof Error ? error.message : String(error) })
    }
  }
}
