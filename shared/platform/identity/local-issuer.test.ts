import { randomUUID } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startTestIssuer, type TestIssuer } from './local/testing.ts'
import { createTokenVerifier } from './verify.ts'

const password = 'correct horse battery'
let provider: TestIssuer

beforeAll(async () => {
  provider = await startTestIssuer(inject('clusterUrl'))
})
afterAll(() => provider.stop())

/** The real client library, as an application makes it. */
function makeClient() {
  return createClient(provider.url, 'publishable-key', { auth: { persistSession: false, autoRefreshToken: false } })
    .auth
}

const newEmail = () => `${randomUUID()}@example.org`

async function signUp(email = newEmail()) {
  const client = makeClient()
  const { data, error } = await client.signUp({ email, password })
  if (error) throw error
  return { client, email, user: data.user!, session: data.session! }
}

describe('signing up', () => {
  it('confirms the address and signs in at once', async () => {
    const { user, session, email } = await signUp()
    expect(user).toMatchObject({
      aud: 'authenticated',
      role: 'authenticated',
      email,
      email_confirmed_at: expect.stringMatching(/^\d{4}-.*Z$/),
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: { email, email_verified: true },
      identities: [{ provider: 'email', identity_data: { email, sub: user.id } }],
      is_anonymous: false,
    })
    expect(session).toMatchObject({ token_type: 'bearer', expires_in: 3600, user: { id: user.id } })
  })

  it("puts Supabase's claims into an ES256 token that the published keys verify", async () => {
    const { user, session, email } = await signUp()
    const issuer = `${provider.url}/auth/v1`
    expect(decodeProtectedHeader(session.access_token)).toMatchObject({ alg: 'ES256', typ: 'JWT' })
    expect(decodeJwt(session.access_token)).toEqual({
      iss: issuer,
      sub: user.id,
      aud: 'authenticated',
      role: 'authenticated',
      email,
      phone: '',
      iat: provider.clock.seconds,
      exp: provider.clock.seconds + 3600,
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      aal: 'aal1',
      amr: [{ method: 'password', timestamp: provider.clock.seconds }],
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: expect.objectContaining({ email, sub: user.id }),
      is_anonymous: false,
    })
    const verifier = createTokenVerifier({
      issuer,
      audience: 'authenticated',
      jwksUrl: `${issuer}/.well-known/jwks.json`,
      now: () => new Date(provider.clock.seconds * 1000),
    })
    expect(await verifier.verify(session.access_token)).toMatchObject({ sub: user.id })
    const { data } = await makeClient().getClaims(session.access_token)
    expect(data?.claims.sub).toBe(user.id)
  })

  it('keeps what was told about the person, but lets them claim nothing else', async () => {
    const email = newEmail()
    const { data } = await makeClient().signUp({
      email,
      password,
      options: {
        data: { name: 'Ada \u0000 \ud83d\ude80', email: 'other@example.org', email_verified: false, sub: 'x' },
      },
    })
    expect(data.user?.user_metadata).toMatchObject({
      name: 'Ada \u0000 \ud83d\ude80',
      email,
      email_verified: true,
      sub: data.user?.id,
    })
    expect(data.user?.app_metadata).toEqual({ provider: 'email', providers: ['email'] })
  })

  it('is refused for an address that is taken, in whatever way it is written', async () => {
    const name = randomUUID()
    await signUp(`${name}@example.org`)
    for (const email of [`${name}@example.org`, `  ${name.toUpperCase()}@EXAMPLE.org `]) {
      const { error } = await makeClient().signUp({ email, password })
      expect(error).toMatchObject({ status: 422, code: 'user_already_exists' })
    }
  })

  it('makes one account of many sign-ups at the same moment', async () => {
    const email = newEmail()
    const results = await Promise.all(Array.from({ length: 10 }, () => makeClient().signUp({ email, password })))
    expect(results.filter(({ error }) => !error)).toHaveLength(1)
    expect(results.filter(({ error }) => error?.code === 'user_already_exists')).toHaveLength(9)
  })

  it('is refused for a password under 8 characters, over 72 bytes, or none', async () => {
    const attempt = async (weak: string) => (await makeClient().signUp({ email: newEmail(), password: weak })).error
    expect(await attempt('seven77')).toMatchObject({ name: 'AuthWeakPasswordError', status: 422, reasons: ['length'] })
    expect(await attempt('\ud83d\ude80'.repeat(7))).toMatchObject({ code: 'weak_password' })
    expect(await attempt('x'.repeat(73))).toMatchObject({ status: 400, code: 'validation_failed' })
    expect(await attempt('')).toMatchObject({ status: 400, code: 'validation_failed' })
    expect(await attempt('8 is \u2713 ok')).toBeNull()
  })

  it('is refused for what is no e-mail address, and without one', async () => {
    for (const email of [
      'plain',
      '@example.org',
      'a@',
      'a@b',
      'a b@example.org',
      'a@exa mple.org',
      'a@@example.org',
      '.a@example.org',
      'a@-x.org',
      `${'x'.repeat(65)}@example.org`,
      'a@1.2.3.4',
      'a\u0000@example.org',
    ]) {
      const { error } = await makeClient().signUp({ email, password })
      expect(error, email).toMatchObject({ status: 400, code: 'email_address_invalid' })
    }
    expect((await makeClient().signInAnonymously()).error).toMatchObject({ code: 'anonymous_provider_disabled' })
    expect((await makeClient().signUp({ phone: '+491234567', password })).error).toMatchObject({
      code: 'phone_provider_disabled',
    })
  })

  it('is refused with so much metadata that its tokens would not fit into a header', async () => {
    const { error } = await makeClient().signUp({
      email: newEmail(),
      password,
      options: { data: { about: 'x'.repeat(5_000) } },
    })
    expect(error).toMatchObject({ status: 400, code: 'validation_failed' })
  })
})

describe('signing in', () => {
  it('works with the right password, however the address is written', async () => {
    const { email, user } = await signUp()
    const { data, error } = await makeClient().signInWithPassword({ email: ` ${email.toUpperCase()}`, password })
    expect(error).toBeNull()
    expect(data.user?.id).toBe(user.id)
    expect(data.user?.last_sign_in_at).toBe(new Date(provider.clock.seconds * 1000).toISOString())
  })

  it('answers a wrong password and an unknown account alike', async () => {
    const { email } = await signUp()
    const attempt = async (address: string) => {
      const response = await fetch(`${provider.url}/auth/v1/token?grant_type=password`, {
        method: 'POST',
        headers: { 'x-supabase-api-version': '2024-01-01' },
        body: JSON.stringify({ email: address, password: 'not the password' }),
      })
      return [response.status, await response.text()]
    }
    const wrong = await attempt(email)
    expect(wrong[0]).toBe(400)
    expect(JSON.parse(String(wrong[1]))).toEqual({ code: 'invalid_credentials', message: 'Invalid login credentials' })
    expect(await attempt(newEmail())).toEqual(wrong)
    expect(await attempt('no address')).toEqual(wrong)
  })

  it('is refused after 10 wrong passwords within 5 minutes, even with the right one, and works again later', async () => {
    const { email } = await signUp()
    const attempt = async (guess: string) =>
      (await makeClient().signInWithPassword({ email, password: guess })).error?.code
    for (let guess = 0; guess < 10; guess++) expect(await attempt(`wrong ${guess}`)).toBe('invalid_credentials')
    expect(await attempt(password)).toBe('over_request_rate_limit')
    // Neither a restart nor another spelling of the address gets around it.
    await provider.restart()
    expect((await makeClient().signInWithPassword({ email: email.toUpperCase(), password })).error?.status).toBe(429)
    provider.clock.seconds += 301
    expect(await attempt(password)).toBeUndefined()
  })

  it('lets no more than 10 of many guesses at the same moment through', async () => {
    const { email } = await signUp()
    const codes = await Promise.all(
      Array.from(
        { length: 40 },
        async (_, guess) => (await makeClient().signInWithPassword({ email, password: `wrong ${guess}` })).error?.code,
      ),
    )
    expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(10)
    expect(codes.filter((code) => code === 'over_request_rate_limit')).toHaveLength(30)
  })

  it('throttles an unknown account like a known one, and says when to come back', async () => {
    const body = JSON.stringify({ email: newEmail(), password })
    const attempt = () => fetch(`${provider.url}/auth/v1/token?grant_type=password`, { method: 'POST', body })
    for (let guess = 0; guess < 10; guess++) expect((await attempt()).status).toBe(400)
    provider.clock.seconds += 100
    const refused = await attempt()
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('200')
    expect(await refused.json()).toMatchObject({ code: 429, error_code: 'over_request_rate_limit' })
  })

  it('works for many at the same moment with the right password', async () => {
    const { email } = await signUp()
    const results = await Promise.all(
      Array.from({ length: 40 }, () => makeClient().signInWithPassword({ email, password })),
    )
    expect(results.every(({ error }) => error === null)).toBe(true)
  })

  it('forgets wrong passwords once the right one was given', async () => {
    const { email } = await signUp()
    const attempt = async (guess: string) =>
      (await makeClient().signInWithPassword({ email, password: guess })).error?.code
    for (let round = 0; round < 3; round++) {
      for (let guess = 0; guess < 9; guess++) expect(await attempt('wrong one')).toBe('invalid_credentials')
      expect(await attempt(password)).toBeUndefined()
    }
  })
})

describe('the account that must exist', () => {
  it('is made once, keeps its id, and always has the given password', async () => {
    const account = { email: newEmail(), password, id: randomUUID() }
    const made = await Promise.all(Array.from({ length: 5 }, () => provider.issuer().ensureUser(account)))
    expect(made.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(made.map(({ id }) => id))).toEqual(new Set([account.id]))
    const changed = { ...account, email: account.email.toUpperCase(), password: 'another password' }
    expect(await provider.issuer().ensureUser({ ...changed, id: randomUUID() })).toEqual({
      id: account.id,
      created: false,
    })
    const { data } = await makeClient().signInWithPassword({ email: account.email, password: 'another password' })
    expect(data.user?.id).toBe(account.id)
    expect((await makeClient().signInWithPassword({ email: account.email, password })).error?.code).toBe(
      'invalid_credentials',
    )
  })

  it('never takes the id of another account', async () => {
    const { user } = await signUp()
    await expect(provider.issuer().ensureUser({ email: newEmail(), password, id: user.id })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  it('is refused with a password that everybody would guess', async () => {
    const weak = provider.issuer().ensureUser({ email: newEmail(), password: 'password1' })
    await expect(weak).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: 'the password is too weak' })
  })

  it('is refused when nobody could sign in with it', async () => {
    await expect(provider.issuer().ensureUser({ email: 'nobody', password })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await expect(provider.issuer().ensureUser({ email: newEmail(), password: 'short' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })
})

describe('the HTTP interface', () => {
  const ask = (path: string, init?: RequestInit) => fetch(`${provider.url}${path}`, init)

  it('answers errors in the form of the API version that is asked for', async () => {
    const old = await ask('/auth/v1/token?grant_type=password', { method: 'POST', body: '{' })
    expect(await old.json()).toEqual({ code: 400, error_code: 'bad_json', msg: expect.any(String) })
    const named = await ask('/auth/v1/token?grant_type=password', {
      method: 'POST',
      body: '[]',
      headers: { 'x-supabase-api-version': '2024-01-01' },
    })
    expect(await named.json()).toEqual({ code: 'bad_json', message: expect.any(String) })
    expect(named.headers.get('x-supabase-api-version')).toBe('2024-01-01')
  })

  it('refuses unknown paths, methods, grants and scopes', async () => {
    expect((await ask('/auth/v1/nothing')).status).toBe(404)
    expect((await ask('/auth/v1/constructor')).status).toBe(404)
    expect((await ask('/auth/v1')).status).toBe(404)
    expect((await ask('/elsewhere/user')).status).toBe(404)
    const wrongMethod = await ask('/auth/v1/signup')
    expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'POST'])
    for (const grant of ['', 'pkce', 'toString', '__proto__']) {
      expect((await ask(`/auth/v1/token?grant_type=${grant}`, { method: 'POST', body: '{}' })).status).toBe(400)
    }
    expect((await ask('/auth/v1/logout?scope=all', { method: 'POST' })).status).toBe(400)
  })

  it('refuses values of a wrong type and bodies over 64 KB, and goes on working', async () => {
    for (const body of [
      '{"email":7,"password":"xxxxxxxx"}',
      '{"email":"a@example.org","password":["x"]}',
      '{"email":"a@example.org","password":"xxxxxxxx","data":[]}',
    ]) {
      const response = await ask('/auth/v1/signup', { method: 'POST', body })
      expect([response.status, await response.json()]).toMatchObject([400, { error_code: 'validation_failed' }])
    }
    const large = JSON.stringify({ email: newEmail(), password, data: { x: 'x'.repeat(500_000) } })
    expect((await ask('/auth/v1/signup', { method: 'POST', body: large })).status).toBe(413)
    expect((await ask('/auth/v1/health')).status).toBe(200)
  })

  it('lets pages of any origin ask, without cookies', async () => {
    const preflight = await ask('/auth/v1/token', { method: 'OPTIONS', headers: { origin: 'https://spa.example' } })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('apikey')
    const answer = await ask('/auth/v1/settings', { headers: { origin: 'https://spa.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    expect(await answer.json()).toMatchObject({ mailer_autoconfirm: true, external: { email: true } })
  })

  it('keeps tokens out of caches and passwords out of the database', async () => {
    const body = JSON.stringify({ email: newEmail(), password: 'find me if you can' })
    const response = await ask('/auth/v1/signup', { method: 'POST', body })
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { access_token: access, refresh_token: refresh } = (await response.json()) as Record<string, string>
    const sql = postgres(provider.databaseUrl, { max: 1 })
    const [dump] = await sql`
      select (select json_agg(u)::text from identity.users u) || (select json_agg(s)::text from identity.sessions s) as text`
    await sql.end()
    for (const secret of ['find me if you can', access!, refresh!]) expect(dump!.text).not.toContain(secret)
  })

  it('answers a failure of the database with 500 and nothing of its cause', async () => {
    const broken = await startTestIssuer(inject('clusterUrl'))
    const sql = postgres(broken.databaseUrl, { max: 1, onnotice: () => {} })
    await sql`drop schema identity cascade`
    await sql.end()
    const response = await fetch(`${broken.url}/auth/v1/token?grant_type=password`, {
      method: 'POST',
      body: JSON.stringify({ email: newEmail(), password }),
    })
    expect(response.status).toBe(500)
    expect(await response.text()).not.toMatch(/identity|relation|select/i)
    expect(broken.errors).toHaveLength(1)
    await broken.stop()
  })
})

describe('an issuer starting on the tables of an earlier version', () => {
  it('adds what is new to them, and goes on with the accounts and sessions that are there', async () => {
    const { session, email } = await signUp()
    const sql = postgres(provider.databaseUrl, { max: 1 })
    await sql`drop table identity.challenges, identity.factors, identity.authorization_codes`
    await sql`alter table identity.sessions drop column factor_id`
    await sql.end()
    await provider.restart()
    expect((await makeClient().refreshSession({ refresh_token: session.refresh_token })).error).toBeNull()
    const client = makeClient()
    expect((await client.signInWithPassword({ email, password })).error).toBeNull()
    expect((await client.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' })).error).toBeNull()
  })
})

describe('several issuers starting at once on an empty database', () => {
  it('all come up, with the same keys', async () => {
    const others = await Promise.all([1, 2, 3].map(() => startTestIssuer(inject('clusterUrl'))))
    const { createLocalIssuer } = await import('./local-issuer.ts')
    const { databaseUrl, keyFolder, url } = others[0]!
    const more = await Promise.all(
      [1, 2, 3, 4].map(() => createLocalIssuer({ databaseUrl, keyFolder, publicUrl: url })),
    )
    expect(new Set(more.map((issuer) => issuer.jwks().keys[0]?.kid)).size).toBe(1)
    for (const issuer of more) await issuer.stop()
    for (const other of others) await other.stop()
  })
})
