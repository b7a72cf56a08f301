import type { AskAuthorizer } from '../../../api/cel/library/authorization.ts'
import type { Authorizer } from '../../auth/authorizer.ts'
import { serviceAccountGroups, serviceAccountUsername } from '../../auth/tokens/service-account-name.ts'
import type { UserInfo } from '../../auth/user-info.ts'

/** Answers what expressions ask `authorizer`: about a request's user, or about a service account. */
export function askAuthorizer(authorizer: Authorizer, user: UserInfo): AskAuthorizer {
  return ({ verb, path, serviceAccount, ...resource }) => {
    const who = serviceAccount
      ? {
          username: serviceAccountUsername(serviceAccount.namespace, serviceAccount.name),
          groups: serviceAccountGroups(serviceAccount.namespace),
        }
      : user
    const what = path === undefined ? { version: '*', ...resource } : { path }
    const { allowed, reason } = authorizer.authorize({ user: who, verb, ...what })
    return { allowed, ...(reason && { reason }) }
  }
}
