import type { UserInfo } from '../user-info.ts'

const prefix = 'system:node:'

/** The node that a kubelet speaks for: user `system:node:<name>` in the group `system:nodes`. */
export function nodeNameOf(user: UserInfo): string | undefined {
  return user.groups.includes('system:nodes') && user.username.startsWith(prefix)
    ? user.username.slice(prefix.length)
    : undefined
}
