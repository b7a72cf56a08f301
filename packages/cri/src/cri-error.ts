/** gRPC's status codes; a `CriError` names one. */
export const grpcCodes = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const

export type GrpcCode = (typeof grpcCodes)[number]

/** A failed CRI call. `Unavailable`: the runtime does not answer; `DeadlineExceeded`, `Canceled`: our own doing. */
export class CriError extends Error {
  readonly code: GrpcCode
  readonly method: string

  constructor(code: GrpcCode, message: string, method: string) {
    super(message)
    this.name = 'CriError'
    this.code = code
    this.method = method
  }

  /** The form that Go's gRPC gives errors, which Kubernetes' messages quote. */
  toGoString(): string {
    return `rpc error: code = ${this.code} desc = ${this.message}`
  }
}

/** True when `error` is a failed CRI call with that code. */
export function isCriCode(error: unknown, code: GrpcCode): error is CriError {
  return error instanceof CriError && error.code === code
}
