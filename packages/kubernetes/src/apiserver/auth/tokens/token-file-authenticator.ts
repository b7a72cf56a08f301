import type { UserInfo } from '../user-info.ts'
import type { TokenAuthenticator, TokenIdentity } from './token-authenticator.ts'

/** Static tokens from lines `token,user,uid,"group1,group2"`. */
export class TokenFileAuthenticator implements TokenAuthenticator {
  readonly #users = new Map<string, UserInfo>()

  /** @throws Error for a line with fewer than three columns */
  constructor(text: string) {
    for (const line of text.split('\n')) {
      if (!line.trim()) continue
      const [token, username, uid, groups] = columnsOf(line.trim())
      if (token === undefined || username === undefined || uid === undefined) {
        throw new Error('token file must have at least 3 columns (token, user name, user uid)')
      }
      if (token) this.#users.set(token, { username, uid, groups: groups ? groups.split(',') : [] })
    }
  }

  async authenticate(token: string): Promise<TokenIdentity | undefined> {
    const user = this.#users.get(token)
    return user && { user: { ...user, groups: [...user.groups] } }
  }
}

/** Splits a CSV line; a quoted column may hold commas and doubled quotes. */
function columnsOf(line: string): string[] {
  const columns = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)
  return [...columns].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
}
