import { hash } from 'node:crypto'
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { type KeySource, type RemoteKeysOptions, remoteKeys } from './jwks.ts'
import { TokenError } from './token-error.ts'

/** What a verified access token says. `user_metadata` is the user's own to write: never decide access by it. */
export interface Claims extends JWTPayload {
  readonly sub: string
  readonly iss: string
  readonly aud: string | string[]
  readonly exp: number
  readonly email?: string
  readonly role?: string
  readonly session_id?: string
  /** Authenticator assurance level: `aal2` after a second factor. */
  readonly aal?: string
  readonly is_anonymous?: boolean
  readonly app_metadata?: Record<string, unknown>
  readonly user_metadata?: Record<string, unknown>
}

export interface TokenVerifier {
  /** @throws TokenError */
  verify(token: string): Promise<Claims>
}

export interface JwtCheckerOptions {
  /** Exact `iss`, or several of the same issuer. */
  issuer: string | string[]
  keys: KeySource
  algorithms?: ('ES256' | 'RS256')[]
  now?: () => Date
}

const clockSkewSeconds = 5
/** How long a token that was verified once is taken at its word; also how late a withdrawn key takes effect. */
const rememberSeconds = 60
const rememberedTokens = 5_000
/** Node refuses request headers over 16 KB in sum; Supabase's tokens have about 1 KB. */
const maximumTokenLength = 8_192

/**
 * Makes the verifier of access tokens that the runtime uses for every request.
 *
 * Accepts only ES256 and RS256, with a signature by one of the issuer's published keys, the right issuer and
 * audience, `exp` and `nbf` within 5 s of the clock, and a `sub` (RFC 7519, RFC 8725). Keys that the token brings
 * along (`jwk`, `jku`, `x5c`) are never looked at. The claims of a verified token are remembered by its hash until it
 * expires, 60 s at most; they are frozen.
 *
 * @param options.issuer - exact `iss`, for instance `https://project.supabase.co/auth/v1`.
 * @param options.audience - a value that `aud` must be or contain.
 * @param options.jwksUrl - where the issuer publishes its keys.
 */
export function createTokenVerifier(
  options: { issuer: string; audience: string; jwksUrl: string; now?: () => Date } & Omit<
    RemoteKeysOptions,
    'url' | 'now'
  >,
): TokenVerifier {
  const { issuer, audience, jwksUrl, ...rest } = options
  const check = createJwtChecker({
    issuer,
    keys: remoteKeys({ ...rest, url: jwksUrl }),
    ...(options.now && { now: options.now }),
  })
  return { verify: (token) => check(token, audience) }
}

/** The verification that access tokens and service tokens share; the audience comes with each token. */
export function createJwtChecker(options: JwtCheckerOptions): (token: string, audience: string) => Promise<Claims> {
  const { issuer, keys, algorithms = ['ES256', 'RS256'], now = () => new Date() } = options
  // Insertion order is the order of last use: the first entry is the one to drop.
  const remembered = new Map<string, { claims: Claims; until: number }>()

  function recall(id: string, at: number): Claims | null {
    const entry = remembered.get(id)
    if (!entry) return null
    remembered.delete(id)
    if (at >= entry.until) return null
    remembered.set(id, entry)
    return entry.claims
  }

  function remember(id: string, claims: Claims, at: number): void {
    const until = Math.min(claims.exp, at + rememberSeconds)
    if (until <= at) return
    if (remembered.size >= rememberedTokens) remembered.delete(remembered.keys().next().value!)
    remembered.set(id, { claims, until })
  }

  return async function check(token, audience) {
    if (typeof token !== 'string' || token.length > maximumTokenLength) {
      throw new TokenError('MALFORMED', 'the token is too long')
    }
    const id = `${hash('sha256', token, 'base64')} ${audience}`
    const currentDate = now()
    const at = currentDate.getTime() / 1000
    const known = recall(id, at)
    if (known) return known

    const { kid, algorithm } = readHeader(token, algorithms)
    const key = await keys.find(kid, algorithm)
    let claims: Claims
    try {
      const verified = await jwtVerify(token, key, {
        algorithms: [algorithm],
        issuer,
        audience,
        clockTolerance: clockSkewSeconds,
        currentDate,
        requiredClaims: ['sub', 'exp'],
      })
      claims = verified.payload as Claims
    } catch (error) {
      throw explain(error)
    }
    if (typeof claims.sub !== 'string' || claims.sub === '') throw new TokenError('MISSING_CLAIM', 'sub is empty')
    deepFreeze(claims)
    remember(id, claims, at)
    return claims
  }
}

function readHeader(token: string, algorithms: readonly string[]): { kid: string; algorithm: string } {
  if (!isCompactForm(token)) throw new TokenError('MALFORMED', 'not a compact JSON Web Token')
  let header: ReturnType<typeof decodeProtectedHeader>
  try {
    header = decodeProtectedHeader(token)
  } catch (cause) {
    throw new TokenError('MALFORMED', 'the header is not a JSON object', { cause })
  }
  // We know no extension: RFC 7515 section 4.1.11 demands to refuse what is marked as critical.
  if (header.crit !== undefined) throw new TokenError('MALFORMED', 'the header demands an unknown extension')
  if (typeof header.alg !== 'string' || !algorithms.includes(header.alg)) {
    throw new TokenError('ALGORITHM_NOT_ALLOWED', `only ${algorithms.join(' and ')} are accepted`)
  }
  if (typeof header.kid !== 'string' || header.kid === '') throw new TokenError('MALFORMED', 'the header names no key')
  return { kid: header.kid, algorithm: header.alg }
}

/** Three non-empty base64url parts and nothing else: decoders are lenient about line breaks and padding, this isn't. */
function isCompactForm(token: string): boolean {
  let dots = 0
  let partLength = 0
  for (let index = 0; index < token.length; index++) {
    const code = token.charCodeAt(index)
    if (code === 46) {
      if (partLength === 0) return false
      dots++
      partLength = 0
      continue
    }
    const letterOrDigit =
      (code >= 48 && code <= 57) ||
      (code >= 65 && code <= 90) ||
      (code >= 97 && code <= 122) ||
      code === 45 ||
      code === 95
    if (!letterOrDigit) return false
    partLength++
  }
  return dots === 2 && partLength > 0
}

function explain(error: unknown): unknown {
  const because = { cause: error }
  if (error instanceof errors.JWTExpired) return new TokenError('EXPIRED', 'the token has expired', because)
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenError('BAD_SIGNATURE', 'the signature is wrong', because)
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return new TokenError('MISSING_CLAIM', `${error.claim} is missing`, because)
    if (error.claim === 'iss') return new TokenError('WRONG_ISSUER', 'the token is of another issuer', because)
    if (error.claim === 'aud') return new TokenError('WRONG_AUDIENCE', 'the token is for another audience', because)
    if (error.claim === 'nbf' && error.reason === 'check_failed') {
      return new TokenError('NOT_YET_VALID', 'the token is not valid yet', because)
    }
  }
  if (error instanceof errors.JOSEError) return new TokenError('MALFORMED', 'not a JSON Web Token', because)
  return error
}

function deepFreeze(value: object): void {
  Object.freeze(value)
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part)
  }
}
