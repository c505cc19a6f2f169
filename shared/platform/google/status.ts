import { PlatformError, type PlatformErrorCode } from '../errors.ts'

/** The statuses of gRPC by name (grpc.io, "Status codes"); written down so that nothing here loads gRPC. */
export const grpcStatus = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
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

const platformCodes = new Map<unknown, PlatformErrorCode>([
  [grpcStatus.INVALID_ARGUMENT, 'INVALID_ARGUMENT'],
  [grpcStatus.OUT_OF_RANGE, 'INVALID_ARGUMENT'],
  [grpcStatus.NOT_FOUND, 'NOT_FOUND'],
  [grpcStatus.PERMISSION_DENIED, 'PERMISSION'],
  [grpcStatus.UNAUTHENTICATED, 'PERMISSION'],
])

/** Refusals that the same request would meet again. What is neither here nor unknown to gRPC may pass. */
const final: ReadonlySet<unknown> = new Set([
  ...platformCodes.keys(),
  grpcStatus.ALREADY_EXISTS,
  grpcStatus.FAILED_PRECONDITION,
  grpcStatus.UNIMPLEMENTED,
])

/** The gRPC status of a failed call; undefined when it did not come that far (no credentials, no network). */
export function statusOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'number' ? code : undefined
}

/** Whether the same request may do better in a moment. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof PlatformError) && !final.has(statusOf(error))
}

/**
 * A failure of a Google service, or of the way there, as the ports' callers know failures. Its message is the service's
 * own, so no request of ours may hold a secret.
 */
export function toPlatformError(service: string, error: unknown): PlatformError {
  if (error instanceof PlatformError) return error
  const { details, message } = (error ?? {}) as { details?: unknown; message?: unknown }
  const text = typeof details === 'string' && details !== '' ? details : String(message ?? error)
  return new PlatformError(platformCodes.get(statusOf(error)) ?? 'UNAVAILABLE', `${service}: ${text}`, { cause: error })
}
