/**
 * A refusal in the terms of the Supabase Auth API: an HTTP status and one of its error codes (those that
 * `@supabase/auth-js` lists as `ErrorCode`).
 */
export class GoTrueError extends Error {
  override readonly name = 'GoTrueError'
  readonly status: number
  readonly code: string
  /** Further members of the body. */
  readonly extra: Record<string, unknown>
  readonly headers: Record<string, string>

  constructor(
    status: number,
    code: string,
    message: string,
    more: { extra?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.extra = more.extra ?? {}
    this.headers = more.headers ?? {}
  }
}

/** 429, with the time until the next attempt in whole seconds. */
export function tooManyRequests(retryAfterSeconds: number): GoTrueError {
  return new GoTrueError(429, 'over_request_rate_limit', 'Request rate limit reached', {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) },
  })
}
