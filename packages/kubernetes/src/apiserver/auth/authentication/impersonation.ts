import { ApiError } from '../../../api/api-error.ts'
import type { Credentials } from '../authenticator.ts'
import { forbidden } from '../authorization/forbidden.ts'
import type { AuthorizationAttributes, Authorizer } from '../authorizer.ts'
import { serviceAccountGroups, splitServiceAccountUsername } from '../tokens/service-account-name.ts'
import {
  anonymousName,
  authenticatedGroup,
  privilegedGroup,
  type UserInfo,
  unauthenticatedGroup,
} from '../user-info.ts'
import { headerValues, prefixedHeaders } from './header-values.ts'

type Extra = Record<string, string[]>
interface Wanted {
  username: string
  uid: string
  groups: string[]
  extra: Extra
}

/** Ways to impersonate, narrowest first; each has its own verbs (KEP 5284), the last is plain `impersonate`. */
const modes: { name: string; applies: (wanted: Wanted, requestor: UserInfo) => boolean }[] = [
  {
    name: 'associated-node',
    applies: (wanted, requestor) =>
      onlyName(wanted) &&
      nodeOf(wanted.username) !== undefined &&
      splitServiceAccountUsername(requestor.username) !== undefined &&
      requestor.extra?.['authentication.kubernetes.io/node-name']?.join() === nodeOf(wanted.username),
  },
  {
    name: 'arbitrary-node',
    applies: (wanted) => onlyName(wanted) && nodeOf(wanted.username) !== undefined,
  },
  {
    name: 'serviceaccount',
    applies: (wanted) => onlyName(wanted) && splitServiceAccountUsername(wanted.username) !== undefined,
  },
  {
    name: 'user-info',
    applies: ({ username }) =>
      nodeOf(username) === undefined && splitServiceAccountUsername(username) === undefined,
  },
  { name: '', applies: () => true },
]

/**
 * Whom a request wants to be, by its `Impersonate-*` headers; the requestor itself without them.
 *
 * @param request what the impersonated user is about to do; `user` is the requestor
 * @throws ApiError BadRequest without a user name, Forbidden when no mode is allowed (the narrowest one's error)
 */
export async function impersonate(
  credentials: Credentials,
  request: AuthorizationAttributes,
  authorizer: Authorizer,
): Promise<UserInfo> {
  const wanted = wantedUser(credentials)
  if (!wanted) return request.user
  let first: unknown
  for (const mode of modes) {
    if (!mode.applies(wanted, request.user)) continue
    try {
      return await tryMode(mode.name, wanted, request, authorizer)
    } catch (error) {
      first ??= error
    }
  }
  throw first
}

function wantedUser(credentials: Credentials): Wanted | undefined {
  const [username = ''] = headerValues(credentials, 'Impersonate-User')
  const [uid = ''] = headerValues(credentials, 'Impersonate-Uid')
  const groups = headerValues(credentials, 'Impersonate-Group')
  const extra = prefixedHeaders(credentials, 'Impersonate-Extra-')
  if (username) return { username, uid, groups, extra }
  if (uid || groups.length > 0 || Object.keys(extra).length > 0) {
    const what = JSON.stringify({ uid, groups, extra })
    throw ApiError.badRequest(`requested ${what} without impersonating a user name`)
  }
  return undefined
}

async function tryMode(
  mode: string,
  wanted: Wanted,
  request: AuthorizationAttributes,
  authorizer: Authorizer,
): Promise<UserInfo> {
  const check = async (attributes: AuthorizationAttributes): Promise<void> => {
    const { allowed, reason } = authorizer.authorize(attributes)
    if (!allowed) throw forbidden(attributes, reason)
  }
  const verb = mode ? `impersonate:${mode}` : 'impersonate'
  const on = (group: string, resource: string, more: Partial<AuthorizationAttributes>): Promise<void> =>
    check({ user: request.user, verb, group, version: 'v1', resource, ...more })
  if (mode) await check({ ...request, verb: `impersonate-on:${mode}:${request.verb}` })

  const userGroup = mode ? 'authentication.k8s.io' : ''
  const groups = await checkName(mode, wanted, userGroup, on)
  if (wanted.uid) await on('authentication.k8s.io', 'uids', { name: wanted.uid })
  for (const group of wanted.groups) {
    if (mode && group === privilegedGroup) {
      throw forbidden(
        { user: request.user, verb, group: userGroup, resource: 'groups', name: group },
        'impersonating the system:masters group is not allowed',
      )
    }
    await on(userGroup, 'groups', { name: group })
  }
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const value of values) {
      await on('authentication.k8s.io', 'userextras', { subresource: key, name: value })
    }
  }
  return {
    username: wanted.username,
    ...(wanted.uid && { uid: wanted.uid }),
    groups: withImpliedGroup(wanted.username, groups),
    ...(Object.keys(wanted.extra).length > 0 && { extra: wanted.extra }),
  }
}

/** Checks the name; resolves to the groups that it brings along. */
async function checkName(
  mode: string,
  wanted: Wanted,
  userGroup: string,
  on: (group: string, resource: string, more: Partial<AuthorizationAttributes>) => Promise<void>,
): Promise<string[]> {
  const { username, groups } = wanted
  const node = nodeOf(username)
  if (mode && node !== undefined) {
    // Whichever node it is was checked by the mode itself.
    await on(userGroup, 'nodes', { name: mode === 'associated-node' ? '*' : node })
    return ['system:nodes']
  }
  const account = splitServiceAccountUsername(username)
  if (!account) {
    await on(userGroup, 'users', { name: username })
    return groups
  }
  await on(userGroup, 'serviceaccounts', account)
  return groups.length > 0 ? groups : serviceAccountGroups(account.namespace)
}

function withImpliedGroup(username: string, groups: readonly string[]): string[] {
  const implied = username === anonymousName ? unauthenticatedGroup : authenticatedGroup
  const settled = groups.includes(implied) || groups.includes(unauthenticatedGroup)
  return settled ? [...groups] : [...groups, implied]
}

function onlyName({ uid, groups, extra }: Wanted): boolean {
  return !uid && groups.length === 0 && Object.keys(extra).length === 0
}

function nodeOf(username: string): string | undefined {
  const [, name] = /^system:node:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/.exec(username) ?? []
  return name
}
