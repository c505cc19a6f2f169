import type { AuthClient, Session as SupabaseSession, User } from '@supabase/supabase-js'
import { type Account, type Identity, IdentityError, type IdentityErrorCode, type Session } from './index.ts'

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

/**
 * Identity over Supabase Auth, or over the embedded issuer, which speaks the same API.
 *
 * @param options.url - the project's URL, without `/auth/v1`.
 * @param options.key - the project's publishable (anon) key.
 * @param options.timeoutSeconds - of one call as a whole.
 */
export function createSupabaseIdentity(options: {
  url: string
  key: string
  timeoutSeconds?: number
  fetch?: typeof fetch
}): Identity {
  const { key, timeoutSeconds = 10 } = options
  const url = `${options.url.replace(/\/$/, '')}/auth/v1`
  const fetcher = options.fetch ?? fetch

  /**
   * Runs one call on a client of its own. The library's client belongs to one person: it keeps their session in
   * memory and gives callers that refresh at the same moment one shared answer, which must never be another person's.
   */
  async function call<Answer extends { data: unknown; error: unknown }>(
    work: (client: InstanceType<typeof AuthClient>) => Promise<Answer>,
  ): Promise<Answer['data']> {
    const supabase = await import('@supabase/supabase-js')
    const wire: Wire = { failure: null, retryAfterSeconds: null }
    const client = new supabase.AuthClient({
      url,
      headers: { apikey: key, Authorization: `Bearer ${key}` },
      persistSession: false,
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

  return {
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
  }
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
    account: toAccount(session.user),
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
