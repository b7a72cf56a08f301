/**
 * Why a container is not running: `reason` and `message` are those of its waiting state. `retryAt` (milliseconds since the
 * epoch) says when it makes sense to try again; absent: soon.
 */
export class StartError extends Error {
  readonly reason: string
  readonly retryAt: number | undefined

  constructor(reason: string, message: string, retryAt?: number) {
    super(message)
    this.name = 'StartError'
    this.reason = reason
    this.retryAt = retryAt
  }
}
