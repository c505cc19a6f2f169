import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { JSONWebKeySet } from 'jose'
import { PlatformError } from '../errors.ts'
import { createSealer } from '../seal.ts'
import { openKeyRing } from './keys.ts'
import { createAccounts } from './local/accounts.ts'
import { codeWindowSeconds, createFactors } from './local/factors.ts'
import { GoTrueError } from './local/gotrue-error.ts'
import {
  bearerOf,
  readForm,
  readJsonObject,
  sendError,
  sendJson,
  sendPage,
  sendPreflight,
  textOf,
} from './local/http.ts'
import { createOAuth, embeddedProviders, type Page } from './local/oauth.ts'
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
  /** Of the one thing that the path names, else empty. */
  id: string
}

interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

type Routes = Record<string, (call: Call) => Promise<Answer | Page>>

/**
 * Opens the embedded identity provider, which stands in for Supabase Auth on one machine. It speaks the part of the
 * GoTrue HTTP API that `@supabase/supabase-js` calls, confirms every address at sign-up, and keeps accounts and
 * sessions in the schema `identity`.
 *
 * @param options.databaseUrl - the embedded cloud's database.
 * @param options.keyFolder - where signing keys are kept, made on first use.
 * @param options.publicUrl - origin that the issuer is reached under; `iss` is this and `/auth/v1`.
 * @param options.redirectOrigins - origins, beside its own, that a sign-in through a provider may end at.
 * @param options.serviceRoleKey - who has it may administer accounts; without one nobody may.
 * @param options.passwordCost - work factors of scrypt; an account's hash is re-made at its next sign-in.
 * @param options.onError - told of failures whose cause a client must not see.
 * @throws PlatformError when the keys can't be used; the database's error when it can't be reached.
 */
export async function createLocalIssuer(options: {
  databaseUrl: string
  keyFolder: string
  publicUrl: string
  redirectOrigins?: readonly string[]
  serviceRoleKey?: string
  now?: () => Date
  passwordCost?: PasswordCost
  onError?: (error: unknown) => void
}): Promise<LocalIssuer> {
  const { keyFolder, now = () => new Date(), onError = console.error } = options
  const publicUrl = options.publicUrl.replace(/\/$/, '')
  const [ring, refreshKey, sealingKey] = await Promise.all([
    openKeyRing({
      folder: keyFolder,
      name: 'access-tokens',
      algorithm: 'ES256',
      retainSeconds: retainKeysSeconds,
      now,
    }),
    readSecretKey(keyFolder, 'refresh-tokens', 'everyone has to sign in again'),
    readSecretKey(keyFolder, 'second-factors', 'everyone has to set up their second factor again'),
  ])
  const sealerOf = (purpose: string) => createSealer(sealingKey.toString('base64'), purpose)
  const store = await openStore(options.databaseUrl)
  const sessions = createSessions({
    store,
    ring,
    refreshTokens: createRefreshTokens(refreshKey),
    issuer: `${publicUrl}${mount}`,
    now,
  })
  const accounts = createAccounts({ store, passwords: createPasswords(options.passwordCost), sessions, now })
  const factors = createFactors({
    store,
    sessions,
    sealerFor: (factorId) => sealerOf(`factor ${factorId}`),
    issuer: 'RaptorFlow ADAPT',
    now,
  })
  const oauth = createOAuth({
    store,
    accounts,
    sealer: sealerOf('consent'),
    siteUrl: publicUrl,
    redirectOrigins: options.redirectOrigins ?? [],
    now,
  })
  const holderOf = (request: IncomingMessage) => sessions.recognise(bearerOf(request))

  const grants: Record<string, (body: Record<string, unknown>, request: IncomingMessage) => Promise<unknown>> = {
    password: (body, request) =>
      accounts.signIn(
        { email: textOf(body.email, 'email'), password: textOf(body.password, 'password') },
        clientOf(request),
      ),
    refresh_token: (body) => sessions.refresh(textOf(body.refresh_token, 'refresh_token')),
    async pkce(body, request) {
      const userId = await oauth.redeem(
        textOf(body.auth_code, 'auth_code'),
        textOf(body.code_verifier, 'code_verifier'),
      )
      return accounts.open(userId, 'oauth', clientOf(request))
    },
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
      return { status: 200, body: describeUser(await holderOf(request)) }
    },
    async 'POST /factors'({ request }) {
      const holder = await holderOf(request)
      const body = await readJsonObject(request)
      const draft = {
        type: textOf(body.factor_type, 'factor_type'),
        name: textOf(body.friendly_name, 'friendly_name'),
        issuer: textOf(body.issuer, 'issuer'),
      }
      return { status: 200, body: await factors.enrol(holder, draft) }
    },
    async 'POST /factors/{id}/challenge'({ request, id }) {
      return { status: 200, body: await factors.challenge(await holderOf(request), id) }
    },
    async 'POST /factors/{id}/verify'({ request, id }) {
      const holder = await holderOf(request)
      const body = await readJsonObject(request)
      const code = textOf(body.code, 'code')
      if (!code) throw new GoTrueError(400, 'validation_failed', 'Code needs to be non-empty')
      const proof = { challengeId: textOf(body.challenge_id, 'challenge_id'), code }
      return { status: 200, body: await factors.verify(holder, id, proof) }
    },
    async 'DELETE /factors/{id}'({ request, id }) {
      return { status: 200, body: await factors.remove(await holderOf(request), id) }
    },
    async 'GET /authorize'({ query }) {
      return oauth.ask(query)
    },
    async 'POST /authorize'({ request }) {
      return oauth.decide(await readForm(request), request.headers)
    },
    async 'GET /admin/users/{id}'({ request, id }) {
      requireServiceRole(request)
      const found = await store.findUser(id)
      if (!found) throw new GoTrueError(404, 'user_not_found', 'User not found')
      return { status: 200, body: describeUser(found) }
    },
    async 'DELETE /admin/users/{id}'({ request, id }) {
      requireServiceRole(request)
      if (!(await store.deleteUser(id))) throw new GoTrueError(404, 'user_not_found', 'User not found')
      return { status: 200, body: {} }
    },
    async 'POST /logout'({ request, query }) {
      const scope = query.get('scope') || 'global'
      if (!['global', 'local', 'others'].includes(scope)) {
        throw new GoTrueError(400, 'validation_failed', 'Unsupported logout scope')
      }
      const { session, user } = await holderOf(request)
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

  function requireServiceRole(request: IncomingMessage): void {
    const given = hash('sha256', bearerOf(request), 'buffer')
    const { serviceRoleKey } = options
    if (serviceRoleKey && timingSafeEqual(given, hash('sha256', serviceRoleKey, 'buffer'))) return
    throw new GoTrueError(403, 'not_admin', 'User not allowed')
  }

  const prune = () => {
    const before = (seconds: number) => new Date(now().getTime() - seconds * 1000)
    const old = { sessions: before(sessionInactivitySeconds), attempts: before(codeWindowSeconds), expiries: now() }
    store.prune(old).catch(onError)
  }
  const pruning = setInterval(prune, pruneIntervalSeconds * 1000).unref()

  return {
    async handle(request, response) {
      try {
        if (request.method === 'OPTIONS') return sendPreflight(response)
        const answer = await dispatch(routes, request)
        if ('html' in answer) sendPage(response, answer.status, answer.html, answer.headers)
        else sendJson(response, answer.status, answer.body, answer.headers)
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

async function dispatch(routes: Routes, request: IncomingMessage): Promise<Answer | Page> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  let id = ''
  const name = (path.startsWith(`${mount}/`) ? path.slice(mount.length) : '').replace(
    /(?<=\/)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\/|$)/i,
    (found) => {
      id = found.toLowerCase()
      return '{id}'
    },
  )
  const route = `${request.method} ${name}`
  if (Object.hasOwn(routes, route)) return routes[route]!({ request, query: new URLSearchParams(query), id })
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

/** 32 bytes of this installation's own. */
async function readSecretKey(folder: string, name: string, consequence: string): Promise<Buffer> {
  const text = await readOrCreatePrivateFile(join(folder, `${name}.key`), async () =>
    randomBytes(32).toString('base64'),
  )
  const key = Buffer.from(text, 'base64')
  if (key.length === 32) return key
  throw new PlatformError('DATA_DAMAGED', `${name}.key holds no key; remove it to get a new one (${consequence})`)
}

const settings = {
  external: {
    email: true,
    phone: false,
    anonymous_users: false,
    ...Object.fromEntries(Object.keys(embeddedProviders).map((provider) => [provider, true])),
  },
  disable_signup: false,
  mailer_autoconfirm: true,
  phone_autoconfirm: false,
  sms_provider: '',
  saml_enabled: false,
}
