import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { JSONWebKeySet } from 'jose'
import { PlatformError } from '../errors.ts'
import { openKeyRing } from './keys.ts'
import { attemptWindowSeconds, createAccounts } from './local/accounts.ts'
import { GoTrueError } from './local/gotrue-error.ts'
import { bearerOf, readJsonObject, sendError, sendJson, sendPreflight, textOf } from './local/http.ts'
import { createPasswords, type PasswordCost } from './local/passwords.ts'
import { createRefreshTokens } from './local/refresh-tokens.ts'
import { createSessions, describeUser, sessionInactivitySeconds } from './local/sessions.ts'
import { openStore } from './local/store.ts'
import { readOrCreatePrivateFile } from './private-file.ts'

const mount = '/auth/v1'
const pruneIntervalSeconds = 3600
/** Lifetime of an access token, and the time for which verifiers may go on with the key set they have. */
const retainKeysSeconds = 2 * 3600

export interface LocalIssuer {
  /** Answers a request under `/auth/v1`; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  jwks(): JSONWebKeySet
  /** Signs with the next key from now on; tokens signed before stay valid. */
  rotate(): Promise<void>
  /**
   * Makes sure that an account exists and has this password, whatever it was before.
   *
   * @throws PlatformError INVALID_ARGUMENT
   */
  ensureUser(account: { email: string; password: string; id?: string }): Promise<{ id: string; created: boolean }>
  stop(): Promise<void>
}

interface Call {
  request: IncomingMessage
  query: URLSearchParams
}

interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

type Routes = Record<string, (call: Call) => Promise<Answer>>

/**
 * Opens the embedded identity provider, which stands in for Supabase Auth on one machine. It speaks the part of the
 * GoTrue HTTP API that `@supabase/supabase-js` calls, confirms every address at sign-up, and keeps accounts and
 * sessions in the schema `identity`.
 *
 * @param options.databaseUrl - the embedded cloud's database.
 * @param options.keyFolder - where signing keys are kept, made on first use.
 * @param options.publicUrl - origin that the issuer is reached under; `iss` is this and `/auth/v1`.
 * @param options.passwordCost - work factors of scrypt; an account's hash is re-made at its next sign-in.
 * @param options.onError - told of failures whose cause a client must not see.
 * @throws PlatformError when the keys can't be used; the database's error when it can't be reached.
 */
export async function createLocalIssuer(options: {
  databaseUrl: string
  keyFolder: string
  publicUrl: string
  now?: () => Date
  passwordCost?: PasswordCost
  onError?: (error: unknown) => void
}): Promise<LocalIssuer> {
  const { keyFolder, now = () => new Date(), onError = console.error } = options
  const [ring, refreshKey] = await Promise.all([
    openKeyRing({
      folder: keyFolder,
      name: 'access-tokens',
      algorithm: 'ES256',
      retainSeconds: retainKeysSeconds,
      now,
    }),
    readRefreshKey(keyFolder),
  ])
  const store = await openStore(options.databaseUrl)
  const sessions = createSessions({
    store,
    ring,
    refreshTokens: createRefreshTokens(refreshKey),
    issuer: `${options.publicUrl.replace(/\/$/, '')}${mount}`,
    now,
  })
  const accounts = createAccounts({ store, passwords: createPasswords(options.passwordCost), sessions, now })

  const grants: Record<string, (body: Record<string, unknown>, request: IncomingMessage) => Promise<unknown>> = {
    password: (body, request) =>
      accounts.signIn(
        { email: textOf(body.email, 'email'), password: textOf(body.password, 'password') },
        clientOf(request),
      ),
    refresh_token: (body) => sessions.refresh(textOf(body.refresh_token, 'refresh_token')),
  }

  const routes: Routes = {
    async 'POST /signup'({ request }) {
      const body = await readJsonObject(request)
      const email = textOf(body.email, 'email')
      const password = textOf(body.password, 'password')
      if (!email && !body.phone) {
        throw new GoTrueError(422, 'anonymous_provider_disabled', 'Anonymous sign-ins are disabled')
      }
      if (!email) throw new GoTrueError(400, 'phone_provider_disabled', 'Phone signups are disabled')
      return {
        status: 200,
        body: await accounts.signUp({ email, password, metadata: metadataOf(body) }, clientOf(request)),
      }
    },
    async 'POST /token'({ request, query }) {
      const type = query.get('grant_type') ?? ''
      const grant = Object.hasOwn(grants, type) ? grants[type] : undefined
      if (!grant) throw new GoTrueError(400, 'invalid_credentials', 'unsupported_grant_type')
      return { status: 200, body: await grant(await readJsonObject(request), request) }
    },
    async 'GET /user'({ request }) {
      const { user, identities } = await sessions.recognise(bearerOf(request))
      return { status: 200, body: describeUser(user, identities) }
    },
    async 'POST /logout'({ request, query }) {
      const scope = query.get('scope') || 'global'
      if (!['global', 'local', 'others'].includes(scope)) {
        throw new GoTrueError(400, 'validation_failed', 'Unsupported logout scope')
      }
      const { session, user } = await sessions.recognise(bearerOf(request))
      if (scope === 'local') await store.endSession(session.id)
      else await store.endSessionsOf(user.id, scope === 'others' ? session.id : null)
      return { status: 204 }
    },
    async 'GET /.well-known/jwks.json'() {
      return { status: 200, body: ring.jwks(), headers: { 'cache-control': 'public, max-age=600' } }
    },
    async 'GET /health'() {
      await store.ping()
      return { status: 200, body: { name: 'RaptorFlow embedded identity', description: 'a local Supabase Auth API' } }
    },
    async 'GET /settings'() {
      return { status: 200, body: settings }
    },
  }

  const prune = () => {
    const before = (seconds: number) => new Date(now().getTime() - seconds * 1000)
    store.prune(before(sessionInactivitySeconds), before(attemptWindowSeconds)).catch(onError)
  }
  const pruning = setInterval(prune, pruneIntervalSeconds * 1000).unref()

  return {
    async handle(request, response) {
      try {
        if (request.method === 'OPTIONS') return sendPreflight(response)
        const { status, body, headers } = await dispatch(routes, request)
        sendJson(response, status, body, headers)
      } catch (error) {
        if (response.headersSent || request.socket.destroyed) response.destroy()
        else if (error instanceof GoTrueError) sendError(request, response, error)
        else {
          onError(error)
          sendError(request, response, new GoTrueError(500, 'unexpected_failure', 'Unexpected failure'))
        }
      }
    },
    jwks: ring.jwks,
    rotate: ring.rotate,
    ensureUser: accounts.ensure,
    async stop() {
      clearInterval(pruning)
      await store.close()
    },
  }
}

async function dispatch(routes: Routes, request: IncomingMessage): Promise<Answer> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const name = path.startsWith(`${mount}/`) ? path.slice(mount.length) : ''
  const route = `${request.method} ${name}`
  if (Object.hasOwn(routes, route)) return routes[route]!({ request, query: new URLSearchParams(query) })
  const methods = Object.keys(routes).filter((other) => other.endsWith(` ${name}`))
  if (methods.length === 0) throw new GoTrueError(404, 'not_found', 'No such endpoint')
  throw new GoTrueError(405, 'validation_failed', 'Method not allowed', {
    headers: { allow: methods.map((other) => other.split(' ', 1)[0]).join(', ') },
  })
}

function clientOf(request: IncomingMessage) {
  return {
    userAgent: request.headers['user-agent']?.slice(0, 512) ?? null,
    ip: request.socket.remoteAddress ?? null,
  }
}

function metadataOf(body: Record<string, unknown>): Record<string, unknown> {
  const data = body.data ?? {}
  if (typeof data !== 'object' || Array.isArray(data)) {
    throw new GoTrueError(400, 'validation_failed', 'data must be an object')
  }
  return data as Record<string, unknown>
}

async function readRefreshKey(folder: string): Promise<Buffer> {
  const text = await readOrCreatePrivateFile(join(folder, 'refresh-tokens.key'), async () =>
    randomBytes(32).toString('base64'),
  )
  const key = Buffer.from(text, 'base64')
  if (key.length === 32) return key
  throw new PlatformError(
    'DATA_DAMAGED',
    'refresh-tokens.key holds no key; remove it to get a new one (everyone has to sign in again)',
  )
}

const settings = {
  external: { email: true, phone: false, anonymous_users: false },
  disable_signup: false,
  mailer_autoconfirm: true,
  phone_autoconfirm: false,
  sms_provider: '',
  saml_enabled: false,
}
