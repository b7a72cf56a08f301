import { ApiError, type Status } from '../../api/api-error.ts'

/** How a remote command ended: with an exit code, or not at all. */
export type CommandResult = { exitCode: number } | { error: ApiError }

/** The Status that the error channel carries at the end of a session. */
export function statusOf(result: CommandResult): object {
  if ('error' in result) return result.error.toStatus()
  const { exitCode } = result
  if (exitCode === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}

/** Opposite of {@link statusOf}, for what a server sent; empty means success. */
export function resultOf(text: string): CommandResult {
  if (text === '') return { exitCode: 0 }
  let status: Partial<Omit<Status, 'reason'>> & { reason?: string }
  try {
    status = JSON.parse(text) as typeof status
  } catch {
    // Protocols before v4 send plain text.
    return { error: new ApiError('InternalError', text) }
  }
  if (status.status === 'Success') return { exitCode: 0 }
  if (status.reason === 'NonZeroExitCode') {
    const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')
    const exitCode = Number(cause?.message)
    if (Number.isInteger(exitCode)) return { exitCode }
  }
  const message = status.message || 'error stream protocol error: unknown error'
  return { error: ApiError.fromStatus({ ...(status as Partial<Status>), message }, status.code ?? 500) }
}
