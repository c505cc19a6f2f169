import type { AuthClient, Provider, Session as SupabaseSession, User } from '@supabase/supabase-js'
import { decodeJwt } from 'jose'
import {
  type Account,
  type Factor,
  type Identity,
  IdentityError,
  type IdentityErrorCode,
  type Session,
} from './index.ts'

/** What was learnt from the wire that the client library doesn't pass on. */
interface Wire {
  failure: unknown
  retryAfterSeconds: number | null
}

interface Failure {
  code?: string | undefined
  status?: number | undefined
  reasons?: unknown
}

/** What an authenticator app shows beside the account. */
const issuer = 'RaptorFlow ADAPT'

type Client = InstanceType<typeof AuthClient>

/** How the library names what it keeps. */
const storageKey = 'session'
const verifierKey = `${storageKey}-code-verifier`
/** The prefix that the library puts before a QR code, as if an SVG could be used in a URL as it is. */
const svgPrefix = 'data:image/svg+xml;utf-8,'

/**
 * Identity over Supabase Auth, or over the embedded issuer, which speaks the same API.
 *
 * @param options.url - the project's URL, without `/auth/v1`.
 * @param options.key - the project's publishable (anon) key.
 * @param options.serviceRoleKey - for deleting accounts, which is refused without it.
 * @param options.timeoutSeconds - of one call as a whole.
 */
export function createSupabaseIdentity(options: {
  url: string
  key: string
  serviceRoleKey?: string | undefined
  timeoutSeconds?: number
  fetch?: typeof fetch
}): Identity {
  const { key, timeoutSeconds = 10 } = options
  const url = `${options.url.replace(/\/$/, '')}/auth/v1`
  const fetcher = options.fetch ?? fetch

  /**
   * Runs one call on a client of its own. The library's client belongs to one person: it keeps their session in
   * memory and gives callers that refresh at the same moment one shared answer, which must never be another person's.
   *
   * @param kept - what the library shall find in its storage; what it stores is put there.
   */
  async function call<Answer extends { data: unknown; error: unknown }>(
    work: (client: Client) => Promise<Answer>,
    { kept = new Map(), as = key }: { kept?: Map<string, string>; as?: string } = {},
  ): Promise<Answer['data']> {
    const supabase = await import('@supabase/supabase-js')
    const wire: Wire = { failure: null, retryAfterSeconds: null }
    const client = new supabase.AuthClient({
      url,
      headers: { apikey: as, Authorization: `Bearer ${as}` },
      flowType: 'pkce',
      storageKey,
      storage: {
        getItem: (name) => kept.get(name) ?? null,
        setItem: (name, value) => void kept.set(name, value),
        removeItem: (name) => void kept.delete(name),
      },
      persistSession: true,
      autoRefreshToken: false,
      detectSessionInUrl: false,
      fetch: watched(fetcher, wire, AbortSignal.timeout(timeoutSeconds * 1000)),
    })
    let error: unknown
    try {
      const answer = await work(client)
      if (!answer.error && !wire.failure) return answer.data
      error = answer.error
    } catch (thrown) {
      error = thrown
    }
    throw explain(error, wire)
  }

  /** Runs a call of those that the library makes only for the session that it holds. */
  async function callAs<Answer extends { data: unknown; error: unknown }>(
    accessToken: string,
    work: (client: Client) => Promise<Answer>,
  ): Promise<Answer['data']> {
    if (!accessToken) throw new IdentityError('SESSION_EXPIRED', messages.SESSION_EXPIRED)
    // Whether the token is still good is for the provider to say: the library shall neither refresh it nor, for want of
    // a user, ask whose it is.
    const session = { access_token: accessToken, refresh_token: 'none', expires_at: 9_999_999_999, user: {} }
    return call(work, { kept: new Map([[storageKey, JSON.stringify(session)]]) })
  }

  const identity: Identity = {
    async signUp({ email, password, metadata = {} }) {
      const { user, session } = await call((client) => client.signUp({ email, password, options: { data: metadata } }))
      if (!user) throw new IdentityError('UNAVAILABLE', 'the identity provider answered without an account')
      return { account: toAccount(user), session: session && toSession(session) }
    },
    async signIn(credentials) {
      const { session } = await call((client) => client.signInWithPassword(credentials))
      return toSession(session)
    },
    async refresh(refreshToken) {
      // The library takes an empty token for "the session in memory", of which there is none.
      if (!refreshToken) throw new IdentityError('SESSION_EXPIRED', messages.SESSION_EXPIRED)
      const { session } = await call((client) => client.refreshSession({ refresh_token: refreshToken }))
      return toSession(session)
    },
    async account(accessToken) {
      if (!accessToken) throw new IdentityError('SESSION_EXPIRED', messages.SESSION_EXPIRED)
      const { user } = await call((client) => client.getUser(accessToken))
      if (!user) throw new IdentityError('UNAVAILABLE', 'the identity provider answered without an account')
      return toAccount(user)
    },
    async signOut(accessToken, scope) {
      await call(async (client) => {
        const answer = await client.admin.signOut(accessToken, scope)
        // Reported without a code when the session is gone already, which is what was asked for.
        const gone = answer.error?.name === 'AuthSessionMissingError'
        return { data: null, error: gone ? null : answer.error }
      })
    },

    async enrolTotp(accessToken, name) {
      const enrol = () =>
        callAs(accessToken, (client) => client.mfa.enroll({ factorType: 'totp', friendlyName: name, issuer }))
      let enrolled: Awaited<ReturnType<typeof enrol>>
      try {
        enrolled = await enrol()
      } catch (error) {
        const inTheWay = error instanceof IdentityError && ['FACTOR_EXISTS', 'TOO_MANY_FACTORS'].includes(error.code)
        if (!inTheWay) throw error
        const forgotten = (await identity.listFactors(accessToken)).filter(({ status }) => status === 'unverified')
        if (forgotten.length === 0) throw error
        for (const { id } of forgotten) await identity.unenrol(accessToken, id)
        enrolled = await enrol()
      }
      if (!enrolled) throw new IdentityError('UNAVAILABLE', 'the identity provider answered without a factor')
      const { id, totp } = enrolled
      const qrCode = totp.qr_code.startsWith(svgPrefix) ? totp.qr_code.slice(svgPrefix.length) : totp.qr_code
      return { id, name, secret: totp.secret, uri: totp.uri, qrCode }
    },
    async listFactors(accessToken) {
      if (!accessToken) throw new IdentityError('SESSION_EXPIRED', messages.SESSION_EXPIRED)
      const { user } = await call((client) => client.getUser(accessToken))
      return (user?.factors ?? []).map(toFactor)
    },
    async verifyTotp(accessToken, factorId, code) {
      const answer = await callAs(accessToken, (client) => client.mfa.challengeAndVerify({ factorId, code }))
      return toSession(answer as SupabaseSession | null)
    },
    async unenrol(accessToken, factorId) {
      await callAs(accessToken, (client) => client.mfa.unenroll({ factorId }))
    },

    async oauthUrl(provider, redirectTo) {
      const kept = new Map<string, string>()
      const { url: start } = await call(
        (client) =>
          client.signInWithOAuth({
            provider: provider as Provider,
            options: { redirectTo, skipBrowserRedirect: true },
          }),
        { kept },
      )
      const codeVerifier: unknown = JSON.parse(kept.get(verifierKey) ?? 'null')
      if (!start || typeof codeVerifier !== 'string') throw new IdentityError('UNAVAILABLE', messages.UNAVAILABLE)
      return { url: start, codeVerifier }
    },
    async exchangeCode(code, codeVerifier) {
      if (!code || !codeVerifier) throw new IdentityError('INVALID_FLOW', messages.INVALID_FLOW)
      const kept = new Map([[verifierKey, JSON.stringify(codeVerifier)]])
      const { session } = await call((client) => client.exchangeCodeForSession(code), { kept })
      return toSession(session)
    },

    async deleteAccount(accountId) {
      const as = options.serviceRoleKey
      if (!as) throw new IdentityError('UNAVAILABLE', 'this installation has no key to delete accounts with')
      await call(
        async (client) => {
          const { error } = await client.admin.deleteUser(accountId)
          return { data: null, error: error?.code === 'user_not_found' ? null : error }
        },
        { as },
      )
    },
  }
  return identity
}

/**
 * Wraps fetch so that a call ends with its deadline. The library repeats calls that failed in the network, with a 5xx
 * or with no JSON for up to 30 s; told "408" it gives up at once, and what really happened is kept in `wire`.
 */
function watched(fetcher: typeof fetch, wire: Wire, deadline: AbortSignal): typeof fetch {
  return async (input, init) => {
    try {
      const response = await fetcher(input, { ...init, signal: deadline })
      const retryAfter = Number(response.headers.get('retry-after'))
      if (response.status === 429 && Number.isFinite(retryAfter) && retryAfter > 0) wire.retryAfterSeconds = retryAfter
      // Read here, so that the deadline covers the body too.
      const body = await response.text()
      if (response.status >= 500) throw new Error(`the identity provider answered with status ${response.status}`)
      if (response.ok && response.status !== 204) JSON.parse(body)
      return new Response(body === '' ? null : body, { status: response.status, headers: response.headers })
    } catch (error) {
      wire.failure = error
    }
    return Response.json({ code: 'request_timeout', message: 'no answer' }, { status: 408 })
  }
}

const codes: Record<string, IdentityErrorCode> = {
  invalid_credentials: 'INVALID_CREDENTIALS',
  user_already_exists: 'EMAIL_TAKEN',
  email_exists: 'EMAIL_TAKEN',
  email_address_invalid: 'INVALID_EMAIL',
  email_address_not_authorized: 'INVALID_EMAIL',
  email_not_confirmed: 'EMAIL_NOT_CONFIRMED',
  provider_email_needs_verification: 'EMAIL_NOT_CONFIRMED',
  weak_password: 'WEAK_PASSWORD',
  over_request_rate_limit: 'RATE_LIMITED',
  over_email_send_rate_limit: 'RATE_LIMITED',
  refresh_token_not_found: 'SESSION_EXPIRED',
  refresh_token_already_used: 'SESSION_EXPIRED',
  session_not_found: 'SESSION_EXPIRED',
  session_expired: 'SESSION_EXPIRED',
  user_not_found: 'SESSION_EXPIRED',
  bad_jwt: 'SESSION_EXPIRED',
  user_banned: 'ACCOUNT_BANNED',
  signup_disabled: 'SIGN_UP_DISABLED',
  email_provider_disabled: 'SIGN_UP_DISABLED',
  mfa_factor_not_found: 'FACTOR_NOT_FOUND',
  mfa_factor_name_conflict: 'FACTOR_EXISTS',
  too_many_enrolled_mfa_factors: 'TOO_MANY_FACTORS',
  mfa_totp_enroll_not_enabled: 'FACTORS_DISABLED',
  mfa_totp_verify_not_enabled: 'FACTORS_DISABLED',
  mfa_verification_failed: 'WRONG_CODE',
  mfa_verification_rejected: 'WRONG_CODE',
  insufficient_aal: 'SECOND_FACTOR_REQUIRED',
  flow_state_not_found: 'INVALID_FLOW',
  flow_state_expired: 'INVALID_FLOW',
  bad_code_verifier: 'INVALID_FLOW',
  validation_failed: 'INVALID_REQUEST',
  bad_json: 'INVALID_REQUEST',
}

const messages: Record<IdentityErrorCode, string> = {
  INVALID_CREDENTIALS: 'the e-mail address or the password is wrong',
  EMAIL_TAKEN: 'an account with this e-mail address exists already',
  INVALID_EMAIL: 'the e-mail address is not valid',
  EMAIL_NOT_CONFIRMED: 'the e-mail address has not been confirmed yet',
  WEAK_PASSWORD: 'the password is too weak',
  RATE_LIMITED: 'too many attempts, try again later',
  SESSION_EXPIRED: 'the session has ended, sign in again',
  ACCOUNT_BANNED: 'the account is suspended',
  SIGN_UP_DISABLED: 'sign-up is disabled',
  FACTOR_NOT_FOUND: 'factor not found',
  FACTOR_EXISTS: 'there is a factor of this name already',
  TOO_MANY_FACTORS: 'there are too many factors already, remove one first',
  FACTORS_DISABLED: 'second factors are disabled',
  WRONG_CODE: 'the code is wrong, too old, or was used already',
  SECOND_FACTOR_REQUIRED: 'this needs your second factor: verify it first',
  INVALID_FLOW: 'this sign-in was finished already or has expired, start again',
  INVALID_REQUEST: 'the request was not valid',
  UNAVAILABLE: 'the identity provider is unavailable',
}

function explain(error: unknown, wire: Wire): IdentityError {
  if (error instanceof IdentityError) return error
  const failure: Failure = typeof error === 'object' && error !== null ? error : {}
  const code = wire.failure ? 'UNAVAILABLE' : codeOf(failure, error)
  return new IdentityError(code, messages[code], {
    cause: wire.failure ?? error,
    retryAfterSeconds: wire.retryAfterSeconds,
    reasons: Array.isArray(failure.reasons) ? failure.reasons.filter((reason) => typeof reason === 'string') : [],
  })
}

function codeOf(failure: Failure, error: unknown): IdentityErrorCode {
  if (failure.code && Object.hasOwn(codes, failure.code)) return codes[failure.code]!
  if (failure.status === 429) return 'RATE_LIMITED'
  if (error instanceof Error && error.name === 'AuthSessionMissingError') return 'SESSION_EXPIRED'
  return 'UNAVAILABLE'
}

function toSession(session: SupabaseSession | null): Session {
  if (!session) throw new IdentityError('UNAVAILABLE', 'the identity provider answered without a session')
  return {
    accessToken: session.access_token,
    refreshToken: session.refresh_token,
    expiresAt: new Date((session.expires_at ?? Date.now() / 1000 + session.expires_in) * 1000),
    aal: aalOf(session.access_token),
    account: toAccount(session.user),
  }
}

/** From the provider's own hands, so its signature isn't looked at; a token that tells nothing is taken for the weaker. */
function aalOf(accessToken: string): Session['aal'] {
  try {
    return decodeJwt(accessToken).aal === 'aal2' ? 'aal2' : 'aal1'
  } catch {
    return 'aal1'
  }
}

function toFactor(factor: NonNullable<User['factors']>[number]): Factor {
  return {
    id: factor.id,
    name: factor.friendly_name ?? '',
    type: factor.factor_type,
    status: factor.status,
    createdAt: new Date(factor.created_at),
  }
}

function toAccount(user: User): Account {
  return {
    id: user.id,
    email: user.email ?? '',
    emailConfirmed: Boolean(user.email_confirmed_at),
    createdAt: new Date(user.created_at),
    metadata: user.user_metadata,
    hasVerifiedFactor: (user.factors ?? []).some(({ status }) => status === 'verified'),
  }
}
