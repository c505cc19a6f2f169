import { PlatformError, type PlatformErrorCode } from '../errors.ts'

/** The statuses of gRPC by name (grpc.io, "Status codes"); written down so that nothing here loads gRPC. */
export const grpcStatus = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const

/** Statuses after which Google's client publishes again (publisher_client_config.json, "Publish"). */
const retried: ReadonlySet<unknown> = new Set([
  grpcStatus.CANCELLED,
  grpcStatus.UNKNOWN,
  grpcStatus.DEADLINE_EXCEEDED,
  grpcStatus.RESOURCE_EXHAUSTED,
  grpcStatus.ABORTED,
  grpcStatus.INTERNAL,
  grpcStatus.UNAVAILABLE,
])

const codes = new Map<unknown, PlatformErrorCode>([
  [grpcStatus.INVALID_ARGUMENT, 'INVALID_ARGUMENT'],
  [grpcStatus.OUT_OF_RANGE, 'INVALID_ARGUMENT'],
  [grpcStatus.FAILED_PRECONDITION, 'INVALID_ARGUMENT'],
  [grpcStatus.NOT_FOUND, 'NOT_FOUND'],
  [grpcStatus.PERMISSION_DENIED, 'PERMISSION'],
])

export function statusOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}

/** Whether the same request may do better in a moment. */
export function isPassing(error: unknown): boolean {
  return retried.has(statusOf(error))
}

/** A failure of Pub/Sub, or of the way there, as the port's callers know failures. */
export function pubSubError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error
  const { details, message } = error as { details?: unknown; message?: unknown }
  const text = typeof details === 'string' && details !== '' ? details : String(message ?? error)
  return new PlatformError(codes.get(statusOf(error)) ?? 'UNAVAILABLE', `Pub/Sub: ${text}`, { cause: error })
}
