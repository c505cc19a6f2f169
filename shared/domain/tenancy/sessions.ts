import * as v from 'valibot'
import { AppError } from '../errors.ts'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'

export const Credentials = v.strictObject({
  email: v.pipe(v.string(), v.trim(), v.email('must be an e-mail address'), v.maxLength(254)),
  password: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
})

/** What only machines read: printable ASCII without blanks. */
const opaque = (maximumLength: number) =>
  v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/, 'is not one of ours'), v.maxLength(maximumLength))

export const RefreshToken = v.strictObject({ refresh_token: opaque(2048) })

export const SignOutQuery = v.strictObject({
  scope: v.pipe(
    v.optional(v.picklist(['local', 'others', 'global']), 'local'),
    v.description('This session, every other one, or all of them'),
  ),
})

export const Session = v.strictObject({
  access_token: v.pipe(v.string(), v.description('Send it as `Authorization: Bearer …`')),
  refresh_token: v.pipe(v.string(), v.description('Good for one call of `/v1/auth/refresh`')),
  token_type: v.literal('bearer'),
  expires_at: Timestamp,
  aal: v.pipe(v.picklist(['aal1', 'aal2']), v.description('Assurance level: `aal2` once a second factor was verified')),
})

export const SignUp = v.strictObject({
  email: v.string(),
  session: v.pipe(v.nullable(Session), v.description('Null when the address has to be confirmed first')),
})

export const OAuthStart = v.strictObject({
  provider: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be the name of a provider')),
  redirect_to: v.pipe(
    v.string(),
    v.url('must be a URL'),
    v.regex(/^[\x21-\x7e]+$/, 'must be a URL'),
    v.maxLength(2000),
    v.description('Where the browser comes back to, with `?code=` or `?error=`; of an origin that is allowed'),
  ),
})
export const OAuthStarted = v.strictObject({
  url: v.pipe(v.string(), v.description('Send the browser there')),
  flow: v.pipe(v.string(), v.description('Keep it and bring it back with the code, within 10 minutes')),
})
/** How long a started sign-in is good, and as what its code verifier is sealed meanwhile. */
export const oauthFlow = { purpose: 'oauth flow', seconds: 600 }
export const OAuthCallback = v.strictObject({ code: opaque(500), flow: opaque(2000) })

export const Factor = v.strictObject({
  id: Id,
  name: v.string(),
  type: v.string(),
  status: v.picklist(['unverified', 'verified']),
  created_at: Timestamp,
})
export const FactorDraft = v.strictObject({
  name: v.optional(v.pipe(PlainText, v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(100)), 'Authenticator'),
})
export const NewFactor = v.strictObject({
  id: Id,
  name: v.string(),
  type: v.literal('totp'),
  qr_code: v.pipe(v.string(), v.description('SVG document')),
  secret: v.pipe(v.string(), v.description('Base32, for those who type it')),
  uri: v.string(),
})
export const FactorProof = v.strictObject({
  factor_id: Id,
  code: v.pipe(v.string(), v.regex(/^\d{6}$/, 'must be six digits')),
})
export const FactorParams = v.strictObject({ factor_id: Id })

/** A session of the identity provider as the API shows it. */
export function toSession(session: {
  accessToken: string
  refreshToken: string
  expiresAt: Date
  aal: 'aal1' | 'aal2'
}): v.InferInput<typeof Session> {
  return {
    access_token: session.accessToken,
    refresh_token: session.refreshToken,
    token_type: 'bearer',
    expires_at: session.expiresAt.toISOString(),
    aal: session.aal,
  }
}

/** The token that a request was let in with, to act at the identity provider as the caller. */
export function accessTokenOf(headers: Readonly<Record<string, string | undefined>>): string {
  const [scheme, token] = (headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() === 'bearer' && token) return token
  throw new AppError('UNAUTHENTICATED', 'A bearer token is required')
}

/**
 * Where a sign-in through a provider may come back to: only to pages of our own, for whoever gets the code there
 * gets closer to the session than anybody else.
 *
 * @param origins - allowed ones, and URLs whose origin is allowed.
 * @throws AppError VALIDATION_ERROR
 */
export function allowedRedirect(redirectTo: string, origins: readonly string[]): string {
  const url = new URL(redirectTo)
  const allowed = origins.some((origin) => URL.canParse(origin) && new URL(origin).origin === url.origin)
  if (allowed && url.origin !== 'null' && url.username === '' && url.password === '') return url.href
  throw new AppError('VALIDATION_ERROR', 'The request is not valid', [
    { field: 'body.redirect_to', message: 'is not of an origin that is allowed' },
  ])
}
