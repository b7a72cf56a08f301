import type { UserInfo } from '../user-info.ts'

export interface TokenIdentity {
  user: UserInfo
  /** Which of the asked audiences the token is for; absent when the token does not say. */
  audiences?: string[]
}

/** Tells whose a bearer token is. */
export interface TokenAuthenticator {
  /**
   * Undefined: not a token of mine, ask the next.
   *
   * @param audiences the token must be for one of them
   * @throws Error that says why the token is refused
   */
  authenticate(token: string, audiences: readonly string[]): Promise<TokenIdentity | undefined>
}
