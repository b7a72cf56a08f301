import { ApiError } from '../../api/api-error.ts'

/** A `resourceVersion` parameter; 0 for "any" (absent or "0"). @throws ApiError BadRequest */
export function parseResourceVersion(text: string | undefined): number {
  if (!text) return 0
  if (!/^\d+$/.test(text)) {
    throw ApiError.badRequest(
      `invalid resource version: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  }
  return Number(text)
}

/** @throws ApiError Timeout, as upstream's watch cache does when it has waited in vain for that version */
export function refuseFuture(asked: number, current: number): void {
  if (asked <= current) return
  throw new ApiError('Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}
