import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { fixedKeys } from '../jwks.ts'
import type { KeyRing } from '../keys.ts'
import { TokenError } from '../token-error.ts'
import { type Claims, createJwtChecker } from '../verify.ts'
import { GoTrueError } from './gotrue-error.ts'
import type { RefreshTokens } from './refresh-tokens.ts'
import type { Account, Holder, SessionRow, Store } from './store.ts'

const accessTokenSeconds = 3600
/** A session that nobody refreshed for so long has ended. */
export const sessionInactivitySeconds = 30 * 24 * 3600
/** Two tabs that refresh at once, or an answer that was lost on the way, are no theft: GoTrue's reuse interval. */
const reuseSeconds = 10
const audience = 'authenticated'

/** The answer to every grant: tokens and the account they are for. */
export interface Grant {
  access_token: string
  token_type: 'bearer'
  expires_in: number
  expires_at: number
  refresh_token: string
  user: Record<string, unknown>
}

export type Sessions = ReturnType<typeof createSessions>

/**
 * Opens, refreshes and recognises sessions.
 *
 * Rotation: each refresh token works once. One that was replaced in the last 10 s is answered with the token that
 * replaced it; any older one is taken for stolen, and its session ends.
 */
export function createSessions(parts: {
  store: Store
  ring: KeyRing
  refreshTokens: RefreshTokens
  issuer: string
  now: () => Date
}) {
  const { store, ring, refreshTokens, issuer, now } = parts
  const check = createJwtChecker({ issuer, keys: fixedKeys(ring.jwks), algorithms: ['ES256'], now })

  async function grant(holder: Holder): Promise<Grant> {
    const { user, session } = holder
    const { kid, key } = ring.current()
    const issuedAt = Math.floor(now().getTime() / 1000)
    const claims = {
      email: user.email,
      phone: '',
      app_metadata: user.app_metadata,
      user_metadata: user.user_metadata,
      role: 'authenticated',
      aal: session.aal,
      amr: session.amr,
      session_id: session.id,
      is_anonymous: false,
    }
    const accessToken = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
      .setIssuer(issuer)
      .setSubject(user.id)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + accessTokenSeconds)
      .sign(key)
    return {
      access_token: accessToken,
      token_type: 'bearer',
      expires_in: accessTokenSeconds,
      expires_at: issuedAt + accessTokenSeconds,
      refresh_token: refreshTokens.issue({ sessionId: session.id, counter: session.refresh_counter }),
      user: describeUser(holder),
    }
  }

  return {
    grant,

    /** A session to be stored, begun now by one authentication method. */
    begin(userId: string, method: string, client: { userAgent: string | null; ip: string | null }): SessionRow {
      const at = now()
      return {
        id: randomUUID(),
        user_id: userId,
        aal: 'aal1',
        amr: [{ method, timestamp: Math.floor(at.getTime() / 1000) }],
        refresh_counter: 0,
        refreshed_at: at,
        created_at: at,
        user_agent: client.userAgent,
        ip: client.ip,
        factor_id: null,
      }
    },

    /** @throws GoTrueError refresh_token_not_found, refresh_token_already_used, session_expired or user_banned */
    async refresh(token: string): Promise<Grant> {
      const claim = refreshTokens.open(token)
      if (!claim) throw refreshRefused('refresh_token_not_found', 'Refresh Token Not Found')
      const at = now()
      const activeSince = new Date(at.getTime() - sessionInactivitySeconds * 1000)
      const advanced = await store.advanceSession(claim.sessionId, claim.counter, activeSince, at)
      if (advanced) return grant(advanced)

      const holder = await store.findHolder(claim.sessionId)
      if (!holder) throw refreshRefused('refresh_token_not_found', 'Refresh Token Not Found')
      const { session, user } = holder
      if (user.banned_until && user.banned_until > at) throw refreshRefused('user_banned', 'User Banned')
      if (session.refreshed_at <= activeSince) {
        throw refreshRefused('session_expired', 'Session Expired (Inactivity)')
      }
      const sinceReplaced = at.getTime() - session.refreshed_at.getTime()
      if (session.refresh_counter === claim.counter + 1 && sinceReplaced <= reuseSeconds * 1000) return grant(holder)
      await store.endSession(session.id)
      throw refreshRefused('refresh_token_already_used', 'Already Used')
    },

    /** Who holds this access token; the session must not have ended. */
    async recognise(accessToken: string): Promise<Holder> {
      let claims: Claims
      try {
        claims = await check(accessToken, audience)
      } catch (error) {
        if (!(error instanceof TokenError)) throw error
        throw new GoTrueError(403, 'bad_jwt', `invalid JWT: unable to parse or verify signature, ${error.message}`)
      }
      const holder = claims.session_id ? await store.findHolder(claims.session_id) : null
      if (holder?.user.id !== claims.sub) {
        throw new GoTrueError(403, 'session_not_found', 'Session from session_id claim in JWT does not exist')
      }
      return holder
    },
  }
}

/** The account as the API shows it: all but its secrets. */
export function describeUser({ user, identities, factors }: Account): Record<string, unknown> {
  return {
    id: user.id,
    aud: audience,
    role: 'authenticated',
    email: user.email,
    email_confirmed_at: user.email_confirmed_at,
    phone: '',
    confirmed_at: user.email_confirmed_at,
    last_sign_in_at: user.last_sign_in_at,
    app_metadata: user.app_metadata,
    user_metadata: user.user_metadata,
    identities: identities.map((identity) => ({
      identity_id: identity.id,
      id: identity.provider_id,
      user_id: identity.user_id,
      identity_data: identity.identity_data,
      provider: identity.provider,
      last_sign_in_at: identity.last_sign_in_at,
      created_at: identity.created_at,
      updated_at: identity.updated_at,
      email: user.email,
    })),
    created_at: user.created_at,
    ...(factors.length > 0 && { factors }),
    updated_at: user.updated_at,
    is_anonymous: false,
  }
}

function refreshRefused(code: string, reason: string): GoTrueError {
  return new GoTrueError(400, code, `Invalid Refresh Token: ${reason}`)
}
