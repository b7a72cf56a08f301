/**
 * The one error that commands end with: a reason id and exit code out of the reason table (reasons.ts), one sentence that
 * says what is wrong, and advice what to do.
 */
export class MinikubeError extends Error {
  /** e.g. `DRV_NEEDS_ROOT`; a key of the reason table. */
  readonly reason: string
  readonly exitCode: number
  readonly advice: string | undefined
  readonly url: string | undefined

  constructor(
    reason: { id: string; exitCode: number; advice?: string; url?: string },
    message: string,
    options: { advice?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MinikubeError'
    this.reason = reason.id
    this.exitCode = reason.exitCode
    this.advice = options.advice ?? reason.advice
    this.url = reason.url
  }
}
