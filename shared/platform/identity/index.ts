/** Someone's account at the identity provider (not yet a row of ours). */
export interface Account {
  /** The `sub` of their tokens. */
  id: string
  email: string
  emailConfirmed: boolean
  createdAt: Date
  /** What they told at sign-up; theirs to change, so nothing may be decided by it. */
  metadata: Record<string, unknown>
  /** Whether signing in takes a second factor to be trusted wholly (`aal2`). */
  hasVerifiedFactor: boolean
}

export interface Session {
  accessToken: string
  /** Good for one `refresh`, which returns the next one. */
  refreshToken: string
  expiresAt: Date
  account: Account
}

export type SignOutScope =
  /** Every session of the account. */
  | 'global'
  /** The session of this token. */
  | 'local'
  /** Every other session. */
  | 'others'

/** Sign-up, sign-in and sessions; every method throws `IdentityError`. */
export interface Identity {
  /** `session` is null when the address has to be confirmed first. */
  signUp(draft: {
    email: string
    password: string
    metadata?: Record<string, unknown>
  }): Promise<{ account: Account; session: Session | null }>
  signIn(credentials: { email: string; password: string }): Promise<Session>
  /** Exchanges a refresh token; using one a second time ends its session. */
  refresh(refreshToken: string): Promise<Session>
  /** The account behind an access token, asked of the provider: tells also whether the session was ended. */
  account(accessToken: string): Promise<Account>
  /** Ends sessions; ending what has ended is fine. Access tokens stay valid until they expire. */
  signOut(accessToken: string, scope: SignOutScope): Promise<void>
}

export type IdentityErrorCode =
  | 'INVALID_CREDENTIALS'
  | 'EMAIL_TAKEN'
  | 'INVALID_EMAIL'
  | 'EMAIL_NOT_CONFIRMED'
  | 'WEAK_PASSWORD'
  | 'RATE_LIMITED'
  /** The session was ended, has expired, or never was. */
  | 'SESSION_EXPIRED'
  | 'ACCOUNT_BANNED'
  | 'SIGN_UP_DISABLED'
  /** The provider refused the request as such. */
  | 'INVALID_REQUEST'
  /** The provider could not be reached, failed, or refused our key. */
  | 'UNAVAILABLE'

/** A refusal or failure of the identity provider. Its message is ours; the provider's own words are only in `cause`. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError'
  readonly code: IdentityErrorCode
  /** RATE_LIMITED: when to try again, if the provider said so. */
  readonly retryAfterSeconds: number | null
  /** WEAK_PASSWORD: what is wrong with it, e.g. `length`, `characters`, `pwned`. */
  readonly reasons: readonly string[]

  constructor(
    code: IdentityErrorCode,
    message: string,
    options: ErrorOptions & { retryAfterSeconds?: number | null; reasons?: readonly string[] } = {},
  ) {
    super(message, options)
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds ?? null
    this.reasons = options.reasons ?? []
  }
}
