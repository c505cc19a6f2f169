export type TokenErrorCode =
  /** Not a compact JWS of a JWT, too long, or with a header that must not be there. */
  | 'MALFORMED'
  | 'ALGORITHM_NOT_ALLOWED'
  /** Signed with a key that the issuer doesn't publish. */
  | 'UNKNOWN_KEY'
  | 'BAD_SIGNATURE'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'WRONG_ISSUER'
  | 'WRONG_AUDIENCE'
  | 'MISSING_CLAIM'
  /** A service token of another account than those allowed. */
  | 'WRONG_ACCOUNT'
  /** The issuer's keys could not be had: nothing is known of the token. */
  | 'KEYS_UNAVAILABLE'

/** A token that was not accepted, and why. Its message never holds a part of the token. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: TokenErrorCode

  constructor(code: TokenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
