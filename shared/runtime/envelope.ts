import { AppError, type ErrorCode, errorStatus } from '#shared/domain/errors.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { IdentityError, type IdentityErrorCode } from '#shared/platform/identity/index.ts'

/** The error as callers see it: a code of the closed list and nothing internal. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof IdentityError) return fromIdentity(error)
  if (error instanceof PlatformError && (error.code === 'CONNECTION_LOST' || error.code === 'UNAVAILABLE')) {
    return new AppError('UNAVAILABLE', 'A service behind this one is not available; try again', [], { cause: error })
  }
  const { code } = (error ?? {}) as { code?: string }
  // PostgreSQL: serialization failure, deadlock, cancelled by timeout; and what was referred to has just been deleted,
  // which another try will see.
  if (code === '40001' || code === '40P01' || code === '57014' || code === '23503') {
    return new AppError('UNAVAILABLE', 'The work could not be finished in time; try again', [], { cause: error })
  }
  return new AppError('INTERNAL', 'An unexpected error occurred', [], { cause: error })
}

const identityCodes: Record<IdentityErrorCode, ErrorCode> = {
  INVALID_CREDENTIALS: 'UNAUTHENTICATED',
  SESSION_EXPIRED: 'UNAUTHENTICATED',
  EMAIL_NOT_CONFIRMED: 'PERMISSION_DENIED',
  ACCOUNT_BANNED: 'PERMISSION_DENIED',
  SIGN_UP_DISABLED: 'PERMISSION_DENIED',
  FACTOR_NOT_FOUND: 'NOT_FOUND',
  FACTOR_EXISTS: 'CONFLICT',
  TOO_MANY_FACTORS: 'CONFLICT',
  FACTORS_DISABLED: 'PERMISSION_DENIED',
  WRONG_CODE: 'VALIDATION_ERROR',
  SECOND_FACTOR_REQUIRED: 'PERMISSION_DENIED',
  INVALID_FLOW: 'VALIDATION_ERROR',
  EMAIL_TAKEN: 'CONFLICT',
  INVALID_EMAIL: 'VALIDATION_ERROR',
  WEAK_PASSWORD: 'VALIDATION_ERROR',
  INVALID_REQUEST: 'VALIDATION_ERROR',
  RATE_LIMITED: 'RATE_LIMITED',
  UNAVAILABLE: 'UNAVAILABLE',
}

/** What a provider finds wrong with a password, by its own words for it. */
const passwordReasons: Record<string, string> = {
  length: 'is too short',
  characters: 'needs more kinds of characters',
  pwned: 'is known from a leak',
  email: 'is little more than the e-mail address',
}

function fromIdentity(error: IdentityError): AppError {
  const details = error.reasons.map((reason) => ({
    field: 'body.password',
    message: passwordReasons[reason] ?? reason,
  }))
  if (error.code === 'WRONG_CODE') details.push({ field: 'body.code', message: 'is not a code that is good now' })
  const message = error.message.charAt(0).toUpperCase() + error.message.slice(1)
  const { retryAfterSeconds } = error
  return new AppError(identityCodes[error.code], message, details, {
    cause: error,
    ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
  })
}

/** The body of every error answer. */
export function errorBody(error: AppError, traceId: string) {
  return {
    error: { code: error.code satisfies ErrorCode, message: error.message, details: error.details, trace_id: traceId },
  }
}

export function statusOf(error: AppError): number {
  return errorStatus[error.code]
}
