import { ApiError, type Status } from '../../api/api-error.ts'

/** Where a listing goes on. `revision` -1: at the newest state, whatever has changed since the first page. */
export interface ContinuePosition {
  key: string
  revision: number
}

interface Token {
  v: string
  rv: number
  start: string
}

/** `key` is the last key of the page before, relative to the listing's prefix. */
export function encodeContinue({ key, revision }: ContinuePosition): string {
  // The NUL is upstream's: the first key that may come next.
  const token: Token = { v: 'meta.k8s.io/v1', rv: revision, start: `${key}\0` }
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

/** @throws ApiError BadRequest */
export function decodeContinue(text: string): ContinuePosition {
  const refuse = (why: string) => ApiError.badRequest(`continue key is not valid: ${why}`)
  let token: Partial<Token>
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Token>
  } catch (error) {
    throw refuse((error as Error).message)
  }
  if (token.v !== 'meta.k8s.io/v1')
    throw refuse(`server does not recognize this encoded version "${token.v ?? ''}"`)
  if (!token.rv || typeof token.rv !== 'number') {
    throw refuse('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  }
  if (!token.start) throw refuse('encoded start key empty (version meta.k8s.io/v1)')
  return { key: token.start.endsWith('\0') ? token.start.slice(0, -1) : token.start, revision: token.rv }
}

/** The 410 of a listing whose revision is gone; it carries a token to go on with, at the newest state. */
export class ExpiredContinue extends ApiError {
  readonly #continue: string

  constructor(position: ContinuePosition) {
    super(
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    )
    this.#continue = encodeContinue({ key: position.key, revision: -1 })
  }

  override toStatus(): Status {
    return { ...super.toStatus(), metadata: { continue: this.#continue } as unknown as Record<string, never> }
  }
}
