/** `meta/v1 Status.reason`; the HTTP codes are those of apimachinery's `api/errors`. */
const codes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const

export type StatusReason = keyof typeof codes

/** One entry of `Status.details.causes`; `reason` is e.g. `FieldValueRequired`, `field` a path like `spec.containers[0].name`. */
export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

/** `meta/v1 Status`, the body of every failed request. */
export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: Record<string, never>
  status: 'Failure' | 'Success'
  message?: string
  reason?: StatusReason | ''
  details?: StatusDetails
  code?: number
}

/** The one error that API code throws and clients receive. `message` is what kubectl shows: keep to upstream's wording. */
export class ApiError extends Error {
  readonly reason: StatusReason | ''
  readonly code: number
  readonly details: StatusDetails | undefined

  constructor(reason: StatusReason | '', message: string, details?: StatusDetails, code?: number) {
    super(message)
    this.name = 'ApiError'
    this.reason = reason
    this.code = code ?? (reason === '' ? 500 : codes[reason])
    this.details = details
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details && { details: this.details }),
      code: this.code,
    }
  }

  /** The error of a `Status` body that a server answered with. */
  static fromStatus(status: Partial<Status>, httpCode: number): ApiError {
    return new ApiError(
      status.reason ?? '',
      status.message ?? `HTTP ${httpCode}`,
      status.details,
      status.code ?? httpCode,
    )
  }

  static notFound(group: string, resource: string, name: string): ApiError {
    return new ApiError('NotFound', `${qualified(group, resource)} "${name}" not found`, {
      name,
      group,
      kind: resource,
    })
  }

  static alreadyExists(group: string, resource: string, name: string): ApiError {
    return new ApiError('AlreadyExists', `${qualified(group, resource)} "${name}" already exists`, {
      name,
      group,
      kind: resource,
    })
  }

  static conflict(group: string, resource: string, name: string, why: string): ApiError {
    return new ApiError(
      'Conflict',
      `Operation cannot be fulfilled on ${qualified(group, resource)} "${name}": ${why}`,
      {
        name,
        group,
        kind: resource,
      },
    )
  }

  /** `causes` in the order of the fields; the message lists them as upstream's `field.ErrorList` does. */
  static invalid(group: string, kind: string, name: string, causes: StatusCause[]): ApiError {
    const texts = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))]
    const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
    const what = group ? `${kind}.${group}` : kind
    return new ApiError('Invalid', `${what} "${name}" is invalid: ${list}`, { name, group, kind, causes })
  }

  /** `why` as given to `kubectl`; `resource` may carry a subresource (`pods/log`). */
  static forbidden(group: string, resource: string, name: string, why: string): ApiError {
    const what = name ? `${qualified(group, resource)} "${name}"` : qualified(group, resource)
    return new ApiError('Forbidden', `${what} is forbidden: ${why}`, { name, group, kind: resource })
  }

  static badRequest(message: string): ApiError {
    return new ApiError('BadRequest', message)
  }
}

function qualified(group: string, resource: string): string {
  return group ? `${resource}.${group}` : resource
}

/** True when `error` is an API error with that reason. */
export function isReason(error: unknown, reason: StatusReason): error is ApiError {
  return error instanceof ApiError && error.reason === reason
}
