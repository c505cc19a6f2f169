import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { signInOnPage } from '#shared/platform/identity/local/consent-visitor.ts'
import { decodeBase32, stepAt, totpCode } from '#shared/platform/identity/local/totp.ts'
import {
  type Answer,
  type CallOptions,
  call,
  startTestProduct,
  type TestProduct,
  testPassword,
} from '../setup/product.ts'

const application = 'https://app.example'
let product: TestProduct

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'), { CORS_ORIGINS: application })
})
afterAll(() => product.stop())

const send = (method: string, path: string, options?: CallOptions) => call(product.url, method, path, options)
const post = (path: string, body?: unknown, token?: string) =>
  send('POST', path, { ...(body === undefined ? {} : { body }), ...(token ? { token } : {}) })

async function must(answer: Promise<Answer>, status: number) {
  const { status: given, body } = await answer
  expect(given, JSON.stringify(body)).toBe(status)
  return body
}

/** A person with an organization of their own. */
async function newOwner() {
  const email = `${crypto.randomUUID()}@example.org`
  const { session } = await must(post('/v1/auth/sign-up', { email, password: testPassword }), 201)
  await must(post('/v1/organizations', { name: 'Example' }, session.access_token), 201)
  return { email, session }
}

/** What an authenticator app shows, some steps from now; codes of neighbouring steps are taken too. */
const codeOf = (secret: string, steps = 0) => totpCode(decodeBase32(secret), stepAt(new Date()) + steps)

const signIn = async (email: string) => must(post('/v1/auth/token', { email, password: testPassword }), 200)

/** A route that wants the second factor of everyone who has one. */
const manageKeys = (token: string) => send('GET', '/v1/api-keys', { token })

describe('a second factor', () => {
  test('once set up, is demanded for managing keys, and a code of it opens the way', async () => {
    const { email, session } = await newOwner()
    expect(session.aal).toBe('aal1')
    await must(manageKeys(session.access_token), 200)

    const factor = await must(post('/v1/auth/mfa/setup', { name: 'Phone' }, session.access_token), 201)
    expect(factor).toMatchObject({ type: 'totp', name: 'Phone', qr_code: expect.stringMatching(/^<svg /) })
    expect(factor.uri).toMatch(/^otpauth:\/\/totp\//)
    // Set up but not verified: whoever loses the app now isn't locked out.
    await must(manageKeys(session.access_token), 200)

    const proof = { factor_id: factor.id, code: codeOf(factor.secret) }
    const raised = await must(post('/v1/auth/mfa/verify', proof, session.access_token), 200)
    expect(raised.aal).toBe('aal2')
    expect(decodeJwt(raised.access_token)).toMatchObject({
      aal: 'aal2',
      amr: [{ method: 'totp' }, { method: 'password' }],
    })
    await must(manageKeys(raised.access_token), 200)

    const weak = await signIn(email)
    expect(weak.aal).toBe('aal1')
    const refused = await must(manageKeys(weak.access_token), 403)
    expect(refused.error).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('second factor'),
    })
    await must(send('DELETE', '/v1/users/me', { token: weak.access_token, body: { confirm: email } }), 403)
    // What needs none goes on as before.
    await must(send('GET', '/v1/projects', { token: weak.access_token }), 200)

    const again = await must(
      post('/v1/auth/mfa/verify', { factor_id: factor.id, code: codeOf(factor.secret, 1) }, weak.access_token),
      200,
    )
    await must(manageKeys(again.access_token), 200)
  })

  test('stays shown when the session is refreshed, and is listed without its secret', async () => {
    const { session } = await newOwner()
    const { id, secret } = await must(post('/v1/auth/mfa/setup', {}, session.access_token), 201)
    const listed = () => send('GET', '/v1/auth/mfa', { token: session.access_token })
    expect((await must(listed(), 200)).data).toEqual([
      { id, name: 'Authenticator', type: 'totp', status: 'unverified', created_at: expect.any(String) },
    ])
    const raised = await must(
      post('/v1/auth/mfa/verify', { factor_id: id, code: codeOf(secret) }, session.access_token),
      200,
    )
    const refreshed = await must(post('/v1/auth/refresh', { refresh_token: raised.refresh_token }), 200)
    expect(refreshed).toMatchObject({ aal: 'aal2', token_type: 'bearer' })
    await must(manageKeys(refreshed.access_token), 200)
    const factors = await must(send('GET', '/v1/auth/mfa', { token: refreshed.access_token }), 200)
    expect(factors).toMatchObject({ data: [{ id, status: 'verified' }], meta: { has_more: false } })
    expect(JSON.stringify(factors)).not.toContain(secret)
  })

  test('is not removed, nor another added, by whoever knows only the password', async () => {
    const { email, session } = await newOwner()
    const { id, secret } = await must(post('/v1/auth/mfa/setup', {}, session.access_token), 201)
    const code = codeOf(secret)
    const raised = await must(post('/v1/auth/mfa/verify', { factor_id: id, code }, session.access_token), 200)
    const { access_token: weak } = await signIn(email)
    await must(send('DELETE', `/v1/auth/mfa/${id}`, { token: weak }), 403)
    await must(post('/v1/auth/mfa/setup', { name: 'Thief' }, weak), 403)
    const replayed = await must(post('/v1/auth/mfa/verify', { factor_id: id, code }, weak), 422)
    expect(replayed.error.details).toEqual([{ field: 'body.code', message: expect.any(String) }])

    const stranger = await newOwner()
    await must(send('DELETE', `/v1/auth/mfa/${id}`, { token: stranger.session.access_token }), 404)
    await must(
      post('/v1/auth/mfa/verify', { factor_id: id, code: codeOf(secret, 1) }, stranger.session.access_token),
      404,
    )

    await must(send('DELETE', `/v1/auth/mfa/${id}`, { token: raised.access_token }), 204)
    // Without a factor the password is enough again.
    await must(manageKeys(weak), 200)
  })

  test('can be guessed at five times', async () => {
    const { session } = await newOwner()
    const { id, secret } = await must(post('/v1/auth/mfa/setup', {}, session.access_token), 201)
    const right = new Set([-2, -1, 0, 1, 2].map((steps) => codeOf(secret, steps)))
    const wrong = ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !right.has(code))
    for (let guess = 0; guess < 5; guess++) {
      await must(post('/v1/auth/mfa/verify', { factor_id: id, code: wrong }, session.access_token), 422)
    }
    const limited = await post('/v1/auth/mfa/verify', { factor_id: id, code: codeOf(secret) }, session.access_token)
    expect(limited.status).toBe(429)
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

describe('a session', () => {
  test('that was signed out can no longer be refreshed, and others go on as its scope says', async () => {
    const { email, session } = await newOwner()
    const [second, third] = [await signIn(email), await signIn(email)]
    const refresh = async (one: { refresh_token: string }) =>
      (await post('/v1/auth/refresh', { refresh_token: one.refresh_token })).status
    await must(send('POST', '/v1/auth/logout', { token: second.access_token }), 204)
    expect(await refresh(second)).toBe(401)
    await must(send('POST', '/v1/auth/logout?scope=others', { token: third.access_token }), 204)
    expect(await refresh(session)).toBe(401)
    const next = await must(post('/v1/auth/refresh', { refresh_token: third.refresh_token }), 200)
    await must(send('POST', '/v1/auth/logout?scope=global', { token: next.access_token }), 204)
    expect(await refresh(next)).toBe(401)
    // What has ended may be ended again.
    await must(send('POST', '/v1/auth/logout', { token: next.access_token }), 204)
  })

  test('that has ended manages no keys, though its token lives on for an hour', async () => {
    const { session } = await newOwner()
    await must(send('POST', '/v1/auth/logout', { token: session.access_token }), 204)
    expect((await manageKeys(session.access_token)).status).toBe(401)
  })
})

describe('signing up', () => {
  test.each([
    ['password1', 'is known from a leak'],
    ['short', 'is too short'],
  ])('with the password %s is refused with the reason', async (password, reason) => {
    const { error } = await must(post('/v1/auth/sign-up', { email: 'someone@example.org', password }), 422)
    expect(error.details).toEqual([{ field: 'body.password', message: reason }])
  })

  test('with little more than the own address as password is refused', async () => {
    const { error } = await must(
      post('/v1/auth/sign-up', { email: 'someone.known@example.org', password: 'Someone.Known1' }),
      422,
    )
    expect(error.details).toEqual([{ field: 'body.password', message: 'is little more than the e-mail address' }])
  })
})

describe('signing in through a provider', () => {
  const start = (redirect = `${application}/callback`) =>
    must(post('/v1/auth/oauth/start', { provider: 'google', redirect_to: redirect }), 200)
  const finish = (code: string | null, flow: string) => post('/v1/auth/oauth/callback', { code, flow })

  test('leads from the start over the consent page back to a session, once', async () => {
    const email = `${crypto.randomUUID()}@example.org`
    const { url, flow } = await start()
    expect(url).not.toContain(flow)
    const back = await signInOnPage(url, { email, password: testPassword })
    expect(back.origin + back.pathname).toBe(`${application}/callback`)
    const code = back.searchParams.get('code')
    const session = await must(finish(code, flow), 200)
    expect(await must(send('GET', '/v1/users/me', { token: session.access_token }), 200)).toMatchObject({ email })
    await must(finish(code, flow), 422)
    await must(post('/v1/auth/refresh', { refresh_token: session.refresh_token }), 200)
  })

  test("does not take one flow's code with another's, nor a flow that was changed", async () => {
    const [mine, theirs] = [await start(), await start()]
    const email = `${crypto.randomUUID()}@example.org`
    const back = await signInOnPage(theirs.url, { email, password: testPassword })
    const code = back.searchParams.get('code')
    const changed = (theirs.flow.startsWith('A') ? 'B' : 'A') + theirs.flow.slice(1)
    expect((await must(finish(code, changed), 422)).error.details).toEqual([
      { field: 'body.flow', message: expect.any(String) },
    ])
    await must(finish(code, mine.flow), 422)
    // The wrong verifier has spent it.
    await must(finish(code, theirs.flow), 422)
  })

  test.each([
    'https://evil.example/callback',
    'https://app.example.evil.example/',
    'https://app.example@evil.example/',
    'https://user:secret@app.example/',
    'http://app.example/',
    'javascript:alert(1)',
    'null',
    '/callback',
  ])('does not come back to %s', async (redirect) => {
    const { error } = await must(post('/v1/auth/oauth/start', { provider: 'google', redirect_to: redirect }), 422)
    expect(error.details[0].field).toBe('body.redirect_to')
  })

  test('may come back to the product itself', async () => {
    expect((await start(`${product.url}/signed-in`)).url).toContain(encodeURIComponent(`${product.url}/signed-in`))
  })
})

test.each([
  ['/v1/auth/refresh', { refresh_token: 'nonsense' }, 401],
  ['/v1/auth/refresh', { refresh_token: '' }, 422],
  ['/v1/auth/refresh', { refresh_token: 'x'.repeat(5_000) }, 422],
  ['/v1/auth/token', { email: 'nobody@example.org', password: 'wrong' }, 401],
  ['/v1/auth/oauth/start', { provider: '../admin', redirect_to: application }, 422],
  ['/v1/auth/oauth/callback', { code: 'x', flow: 'x' }, 422],
] as const)('%s with %j is answered %s', async (path, body, status) => {
  await must(post(path, body), status)
})

test.each([
  ['/v1/auth/mfa/verify', { factor_id: 'x', code: '123456' }],
  ['/v1/auth/mfa/verify', { factor_id: crypto.randomUUID(), code: '12345' }],
  ['/v1/auth/mfa/verify', { factor_id: crypto.randomUUID(), code: 123456 }],
  ['/v1/auth/mfa/setup', { name: '' }],
  ['/v1/auth/mfa/setup', { name: 'x'.repeat(101) }],
  ['/v1/auth/logout?scope=everything', undefined],
] as const)('%s with %j is 422', async (path, body) => {
  const { session } = await newOwner()
  await must(post(path, body, session.access_token), 422)
})
