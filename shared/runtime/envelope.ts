import { AppError, type ErrorCode, errorStatus } from '#shared/domain/errors.ts'
import { PlatformError } from '#shared/platform/errors.ts'

/** The error as callers see it: a code of the closed list and nothing internal. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof PlatformError && (error.code === 'CONNECTION_LOST' || error.code === 'UNAVAILABLE')) {
    return new AppError('UNAVAILABLE', 'A service behind this one is not available; try again', [], { cause: error })
  }
  const { code } = (error ?? {}) as { code?: string }
  // PostgreSQL: serialization failure, deadlock, cancelled by timeout.
  if (code === '40001' || code === '40P01' || code === '57014') {
    return new AppError('UNAVAILABLE', 'The work could not be finished in time; try again', [], { cause: error })
  }
  return new AppError('INTERNAL', 'An unexpected error occurred', [], { cause: error })
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
