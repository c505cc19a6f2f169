/** The closed list of error codes of the HTTP contract, with their status. */
export const errorStatus = {
  UNAUTHENTICATED: 401,
  BUDGET_EXCEEDED: 402,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  VALIDATION_ERROR: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
} as const

export type ErrorCode = keyof typeof errorStatus

export interface ErrorDetail {
  /** Path of the offending value, e.g. `body.name` or `query.page[size]`. */
  field: string
  message: string
}

/** A failure that the caller is told about: its message is written for them and holds nothing internal. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly details: ErrorDetail[]
  /** When it makes sense to try again, if that is known. */
  readonly retryAfterSeconds: number | null

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetail[] = [],
    options: ErrorOptions & { retryAfterSeconds?: number } = {},
  ) {
    super(message, options)
    this.code = code
    this.details = details
    this.retryAfterSeconds = options.retryAfterSeconds ?? null
  }
}

/** A row that isn't there and a row of another tenant answer alike. */
export function notFound(what: string): AppError {
  return new AppError('NOT_FOUND', `${what} not found`)
}
