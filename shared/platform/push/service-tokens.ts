import { hash } from 'node:crypto'
import { type JSONWebKeySet, SignJWT } from 'jose'
import { fixedKeys, remoteKeys } from '../identity/jwks.ts'
import { openKeyRing } from '../identity/keys.ts'
import { TokenError } from '../identity/token-error.ts'
import { type Claims, createJwtChecker } from '../identity/verify.ts'

const lifetimeSeconds = 3600
/** A token is handed out again until this long before it expires, so that a slow push still arrives with a valid one. */
const renewBeforeSeconds = 300
const rememberedAudiences = 1_000
/** Google's documentation has its issuer with and without the scheme ("Verify Google ID tokens": "one of"). */
const googleIssuers = ['https://accounts.google.com', 'accounts.google.com']

export interface ServiceTokenIssuer {
  /** An OIDC token for calling `audience` (the function's URL), valid for at least 5 minutes more. */
  sign(audience: string): Promise<string>
  jwks(): JSONWebKeySet
  rotate(): Promise<void>
}

export interface ServiceTokenVerifier {
  /** @throws TokenError */
  verify(token: string, audience: string): Promise<Claims>
}

/**
 * Opens the embedded cloud's issuer of the OIDC tokens that Pub/Sub, Cloud Tasks and Cloud Scheduler put on their
 * calls; the claims are those of a Google service account's identity token.
 *
 * @param options.keyFolder - where the RS256 keys are kept, made on first use.
 * @param options.issuer - `iss` of the tokens.
 * @param options.email - the service account that the pushes are signed for.
 */
export async function createServiceTokenIssuer(options: {
  keyFolder: string
  issuer: string
  email: string
  now?: () => Date
}): Promise<ServiceTokenIssuer> {
  const { issuer, email, now = () => new Date() } = options
  const ring = await openKeyRing({
    folder: options.keyFolder,
    name: 'service-tokens',
    algorithm: 'RS256',
    retainSeconds: 2 * lifetimeSeconds,
    now,
  })
  const subject = accountNumberOf(email)
  const signed = new Map<string, { token: Promise<string>; kid: string; renewAt: number }>()

  function signAnew(audience: string, issuedAt: number): Promise<string> {
    const { kid, key } = ring.current()
    return new SignJWT({ email, email_verified: true, azp: subject })
      .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeSeconds)
      .sign(key)
  }

  return {
    sign(audience) {
      const at = Math.floor(now().getTime() / 1000)
      const { kid } = ring.current()
      const known = signed.get(audience)
      if (known && at < known.renewAt && known.kid === kid) return known.token
      const token = signAnew(audience, at)
      if (!known && signed.size >= rememberedAudiences) signed.delete(signed.keys().next().value!)
      signed.set(audience, { token, kid, renewAt: at + lifetimeSeconds - renewBeforeSeconds })
      return token
    },
    jwks: ring.jwks,
    rotate: ring.rotate,
  }
}

/**
 * Makes the verifier with which a function knows that a push came from its own cloud.
 *
 * @param options.issuer - `iss` of the tokens; either spelling of Google's stands for both.
 * @param options.jwksUrl - where the issuer publishes its keys (Google's certificates in production).
 * @param options.jwks - instead of the URL, for an issuer in the same process.
 * @param options.emails - service accounts that may call.
 */
export function createServiceTokenVerifier(
  options: { issuer: string; emails: readonly string[]; now?: () => Date } & (
    | { jwksUrl: string }
    | { jwks: () => JSONWebKeySet }
  ),
): ServiceTokenVerifier {
  const { emails, now } = options
  const issuer = googleIssuers.includes(options.issuer) ? googleIssuers : options.issuer
  const keys = 'jwks' in options ? fixedKeys(options.jwks) : remoteKeys({ url: options.jwksUrl, ...(now && { now }) })
  const check = createJwtChecker({ issuer, keys, algorithms: ['RS256'], ...(now && { now }) })
  return {
    async verify(token, audience) {
      const claims = await check(token, audience)
      if (claims.email_verified !== true || typeof claims.email !== 'string' || !emails.includes(claims.email)) {
        throw new TokenError('WRONG_ACCOUNT', 'the token is not of a service account that may call')
      }
      return claims
    },
  }
}

/** Google numbers its service accounts with 21 digits; ours follow from the address, so that they stay the same. */
function accountNumberOf(email: string): string {
  const digits = BigInt(`0x${hash('sha256', email, 'hex')}`) % 10n ** 20n
  return `1${digits.toString().padStart(20, '0')}`
}
