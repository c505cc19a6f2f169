import { hash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Sealer } from '#shared/domain/sealing.ts'
import type { createAccounts } from './accounts.ts'
import { consentHeaders, consentPage } from './consent-page.ts'
import { GoTrueError } from './gotrue-error.ts'
import type { Store } from './store.ts'

const flowSeconds = 600
const codeSeconds = 300

/** Providers that the consent page stands in for. */
export const embeddedProviders: Readonly<Record<string, string>> = {
  azure: 'Microsoft',
  github: 'GitHub',
  google: 'Google',
}

export interface Page {
  status: number
  html: string
  headers: Record<string, string>
}

/** What is sealed into the consent form: the whole state of a flow, so that none is kept until someone signs in. */
interface Flow {
  id: string
  provider: string
  redirectTo: string
  codeChallenge: string
  /** The same as in the cookie of the browser that the page was made for. */
  nonce: string
}

/**
 * Sign-in through a provider: the authorization code flow with PKCE (RFC 7636) as Supabase Auth does it, with a page
 * of our own where the provider's would be. It asks for the password, so that it lets nobody in who could not sign in
 * anyway.
 *
 * @param parts.siteUrl - where a flow ends that asks for an address that isn't allowed, as with Supabase.
 * @param parts.redirectOrigins - origins that a flow may end at.
 */
export function createOAuth(parts: {
  store: Store
  accounts: ReturnType<typeof createAccounts>
  sealer: Sealer
  siteUrl: string
  redirectOrigins: readonly string[]
  now: () => Date
}) {
  const { store, accounts, sealer, siteUrl, now } = parts
  const allowed = new Set([new URL(siteUrl).origin, ...parts.redirectOrigins])

  function show(flow: Flow, sealed: string, status: number, error: string | null): Page {
    const { origin, host } = new URL(flow.redirectTo)
    const provider = embeddedProviders[flow.provider] ?? flow.provider
    const html = consentPage({ provider, application: host, flow: sealed, error })
    return { status, html, headers: consentHeaders(origin) }
  }

  function openFlow(sealed: string, headers: IncomingHttpHeaders): Flow {
    const opened = sealer.open(sealed, now())
    if (!opened) throw new GoTrueError(400, 'bad_oauth_state', 'OAuth state is invalid or has expired')
    const flow = JSON.parse(Buffer.from(opened).toString()) as Flow
    const nonce = cookieOf(headers.cookie, `consent-${flow.id}`)
    if (!nonce || !sameText(nonce, flow.nonce) || isForeign(headers)) {
      throw new GoTrueError(403, 'bad_oauth_state', 'This form was not sent by the page that asked for it')
    }
    return flow
  }

  return {
    /** Answers `GET /authorize`. @throws GoTrueError validation_failed */
    ask(query: URLSearchParams): Page {
      const provider = query.get('provider') ?? ''
      if (!Object.hasOwn(embeddedProviders, provider)) {
        throw new GoTrueError(400, 'validation_failed', 'Unsupported provider: provider is not enabled')
      }
      const codeChallenge = query.get('code_challenge') ?? ''
      if (query.get('code_challenge_method')?.toLowerCase() !== 's256' || !/^[\w-]{43}$/.test(codeChallenge)) {
        const message = 'PKCE flow requires a code_challenge and the code_challenge_method s256'
        throw new GoTrueError(400, 'validation_failed', message)
      }
      const redirectTo = allowedUrl(query.get('redirect_to'), allowed) ?? siteUrl
      const flow: Flow = {
        id: randomBytes(6).toString('hex'),
        provider,
        redirectTo,
        codeChallenge,
        nonce: randomBytes(16).toString('hex'),
      }
      const sealed = sealer.seal(JSON.stringify(flow), new Date(now().getTime() + flowSeconds * 1000))
      const page = show(flow, sealed, 200, null)
      const secure = siteUrl.startsWith('https:') ? '; Secure' : ''
      const cookie = `consent-${flow.id}=${flow.nonce}; HttpOnly; SameSite=Strict; Path=/auth/v1/authorize; Max-Age=${flowSeconds}${secure}`
      return { ...page, headers: { ...page.headers, 'set-cookie': cookie } }
    },

    /** Answers `POST /authorize`: back to the application with a code, or the page once more. @throws GoTrueError bad_oauth_state */
    async decide(form: URLSearchParams, headers: IncomingHttpHeaders): Promise<Page> {
      const sealed = form.get('flow') ?? ''
      const flow = openFlow(sealed, headers)
      const back = new URL(flow.redirectTo)
      if (form.get('decision') !== 'allow') {
        back.searchParams.set('error', 'access_denied')
        back.searchParams.set('error_description', 'The sign-in was cancelled')
        return redirect(back)
      }
      const credentials = { email: form.get('email') ?? '', password: form.get('password') ?? '' }
      let userId: string
      try {
        userId = await accounts.signInWith(flow.provider, credentials)
      } catch (error) {
        if (!(error instanceof GoTrueError)) throw error
        const page = show(flow, sealed, error.status, error.message)
        return { ...page, headers: { ...error.headers, ...page.headers } }
      }
      const code = randomUUID()
      const expiresAt = new Date(now().getTime() + codeSeconds * 1000)
      await store.codes.add(hashOf(code), { userId, codeChallenge: flow.codeChallenge, expiresAt })
      back.searchParams.set('code', code)
      return redirect(back)
    },

    /**
     * Spends a code. Also a wrong verifier spends it: whoever stole a code has no second guess.
     *
     * @returns the account's id.
     * @throws GoTrueError validation_failed, flow_state_not_found, flow_state_expired or bad_code_verifier
     */
    async redeem(code: string, verifier: string): Promise<string> {
      if (!code || !verifier) {
        const message = 'invalid request: both auth code and code verifier should be non-empty'
        throw new GoTrueError(400, 'validation_failed', message)
      }
      const grant = await store.codes.take(hashOf(code))
      if (!grant) {
        throw new GoTrueError(404, 'flow_state_not_found', 'invalid flow state, no valid flow state found')
      }
      if (grant.expiresAt <= now()) {
        throw new GoTrueError(400, 'flow_state_expired', 'invalid flow state, flow state has expired')
      }
      if (!sameText(hash('sha256', verifier, 'base64url'), grant.codeChallenge)) {
        const message = 'code challenge does not match previously saved code verifier'
        throw new GoTrueError(400, 'bad_code_verifier', message)
      }
      return grant.userId
    },
  }
}

function redirect(to: URL): Page {
  return { status: 303, html: '', headers: { location: to.href, 'referrer-policy': 'no-referrer' } }
}

/** The address in its normal form when its origin is an allowed one. */
function allowedUrl(text: string | null, allowed: ReadonlySet<string>): string | null {
  if (!text || !URL.canParse(text)) return null
  const url = new URL(text)
  return allowed.has(url.origin) && url.username === '' && url.password === '' ? url.href : null
}

/** Whether a browser says that another site's page sent this. */
function isForeign(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return true
  const { origin, host } = headers
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
}

function cookieOf(header: string | undefined, name: string): string | null {
  const pair = (header ?? '').split(/; */).find((one) => one.startsWith(`${name}=`))
  return pair?.slice(name.length + 1) ?? null
}

function sameText(one: string, other: string): boolean {
  return timingSafeEqual(hashBytes(one), hashBytes(other))
}

function hashBytes(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

function hashOf(code: string): string {
  return hash('sha256', code, 'hex')
}
