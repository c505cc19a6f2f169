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
  /** Authenticator assurance level: `aal2` once a second factor was shown. */
  aal: 'aal1' | 'aal2'
  account: Account
}

/** A second factor of an account. */
export interface Factor {
  id: string
  name: string
  type: string
  /** Unverified: set up, but no code was shown yet, so it doesn't count. */
  status: 'unverified' | 'verified'
  createdAt: Date
}

/** What an authenticator app needs; shown once, never to be had again. */
export interface TotpEnrolment {
  id: string
  name: string
  /** Base32, for those who type it. */
  secret: string
  /** `otpauth://totp/…` */
  uri: string
  /** The URI as a QR code: an SVG document. */
  qrCode: string
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

  /** Sets up a factor of time-based codes (RFC 6238); it counts once a code was verified. A forgotten one gives way. */
  enrolTotp(accessToken: string, name: string): Promise<TotpEnrolment>
  listFactors(accessToken: string): Promise<Factor[]>
  /**
   * Shows a code, which is good once. The session becomes `aal2`, with new tokens; the account's weaker sessions end.
   *
   * @param code - six digits.
   */
  verifyTotp(accessToken: string, factorId: string, code: string): Promise<Session>
  /** Removes a factor; a verified one only from an `aal2` session. */
  unenrol(accessToken: string, factorId: string): Promise<void>

  /**
   * Starts a sign-in through a provider, with PKCE (RFC 7636).
   *
   * @param redirectTo - where the browser comes back to, with `?code=` or `?error=`.
   * @returns the URL to send the browser to, and the code verifier, which only `exchangeCode` may see again.
   */
  oauthUrl(provider: string, redirectTo: string): Promise<{ url: string; codeVerifier: string }>
  /** Ends a sign-in through a provider; a code is good once. */
  exchangeCode(code: string, codeVerifier: string): Promise<Session>

  /** Removes an account for good, with its sessions and factors; one that is gone already is fine. */
  deleteAccount(accountId: string): Promise<void>
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
  | 'FACTOR_NOT_FOUND'
  /** The account has a factor of this name. */
  | 'FACTOR_EXISTS'
  | 'TOO_MANY_FACTORS'
  | 'FACTORS_DISABLED'
  /** The code is wrong, too old, or was used already. */
  | 'WRONG_CODE'
  /** This needs a session with a second factor. */
  | 'SECOND_FACTOR_REQUIRED'
  /** The sign-in through a provider was finished already, has expired, or never was. */
  | 'INVALID_FLOW'
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
  /** WEAK_PASSWORD: what is wrong with it, e.g. `length`, `characters`, `pwned`, `email`. */
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
