import { ApiError } from '../../api/api-error.ts'

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Nothing can be created because the namespace is on its way out: not worth a retry or an event. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true
  )
}

/** Runs all, then throws the first failure, so that one bad item does not hold up the others. */
export async function settleAll(work: Iterable<Promise<unknown>>): Promise<void> {
  const results = await Promise.allSettled(work)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
