import { type Reason, type ReasonId, reasons } from './reasons.ts'

/**
 * The one error that commands end with: a reason id out of the reason table (reasons.ts), one sentence that says what is
 * wrong, and advice what to do.
 */
export class MinikubeError extends Error {
  readonly reason: ReasonId
  readonly exitCode: number
  readonly advice: string | undefined
  readonly url: string | undefined

  constructor(id: ReasonId, message: string, options: { advice?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const reason: Reason = reasons[id]
    this.name = 'MinikubeError'
    this.reason = id
    this.exitCode = reason.exitCode
    this.advice = options.advice ?? reason.advice
    this.url = reason.url
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The errno name (`ENOENT`) of a system error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
