import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { signInOnPage } from './consent-visitor.ts'
import { startTestIssuer, type TestIssuer } from './testing.ts'

const password = 'correct horse battery'
const callback = 'https://app.example/callback'
let provider: TestIssuer

beforeAll(async () => {
  provider = await startTestIssuer(inject('clusterUrl'))
})
afterAll(() => provider.stop())

function makeClient() {
  return createClient(provider.url, 'publishable-key', {
    auth: { persistSession: false, autoRefreshToken: false, flowType: 'pkce' },
  }).auth
}
const newEmail = () => `${randomUUID()}@example.org`

async function start(redirectTo = callback) {
  const client = makeClient()
  const { data } = await client.signInWithOAuth({
    provider: 'google',
    options: { redirectTo, skipBrowserRedirect: true },
  })
  return { client, url: data.url! }
}

const codeIn = (url: URL) => url.searchParams.get('code')!

/** Opens the page and gives its parts to a test that sends the form itself. */
async function openPage(url: string) {
  const page = await fetch(url)
  const html = await page.text()
  const flow = /name="flow" value="([\w-]+)"/.exec(html)?.[1] ?? ''
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? ''
  const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${provider.url}/auth/v1/authorize`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, ...headers },
      body: new URLSearchParams({ flow, decision: 'allow', email: newEmail(), password, ...fields }),
    })
  return { page, html, flow, cookie, send }
}

describe('signing in through a provider', () => {
  it('makes an account for a new address, and finds it again afterwards', async () => {
    const email = newEmail()
    const ids: string[] = []
    for (let time = 0; time < 2; time++) {
      const { client, url } = await start()
      const { data, error } = await client.exchangeCodeForSession(codeIn(await signInOnPage(url, { email, password })))
      expect(error).toBeNull()
      expect(data.user).toMatchObject({ email, app_metadata: { provider: 'google', providers: ['google'] } })
      expect(decodeJwt(data.session!.access_token)).toMatchObject({ aal: 'aal1', amr: [{ method: 'oauth' }] })
      ids.push(data.user!.id)
    }
    expect(new Set(ids).size).toBe(1)
  })

  it('links the account that signed up with its password, and takes no other password for it', async () => {
    const email = newEmail()
    const { data } = await makeClient().signUp({ email, password })
    const { client, url } = await start()
    await expect(signInOnPage(url, { email, password: `${password}!` })).rejects.toThrow('400')
    const signedIn = await client.exchangeCodeForSession(codeIn(await signInOnPage(url, { email, password })))
    expect(signedIn.data.user).toMatchObject({
      id: data.user!.id,
      app_metadata: { provider: 'email', providers: ['email', 'google'] },
    })
    expect(signedIn.data.user?.identities?.map((identity) => identity.provider).sort()).toEqual(['email', 'google'])
  })

  it('tells the application when the person cancels', async () => {
    const { url } = await start(`${callback}?keep=1`)
    const back = await signInOnPage(url, { email: '', password: '', decision: 'deny' })
    expect(back.href).toMatch(/^https:\/\/app\.example\/callback\?keep=1&error=access_denied&error_description=/)
  })

  it.each([
    ['a weak password', { password: 'password1' }, 422],
    ['no address', { email: 'nobody' }, 400],
    ['nothing', { email: '', password: '' }, 400],
  ])('asks once more after %s', async (_what, fields, status) => {
    const { send } = await openPage((await start()).url)
    const again = await send(fields)
    expect(again.status).toBe(status)
    expect(again.headers.get('location')).toBeNull()
    expect(await again.text()).toContain('role="alert"')
    expect((await send({})).status).toBe(303)
  })

  it('limits guesses at a password as signing in does', async () => {
    const email = newEmail()
    await makeClient().signUp({ email, password })
    const { send } = await openPage((await start()).url)
    for (let guess = 0; guess < 10; guess++)
      expect((await send({ email, password: `wrong ${guess}` })).status).toBe(400)
    const refused = await send({ email })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

describe('a code', () => {
  const redeem = async (code: unknown, verifier: unknown) => {
    const response = await fetch(`${provider.url}/auth/v1/token?grant_type=pkce`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-supabase-api-version': '2024-01-01' },
      body: JSON.stringify({ auth_code: code, code_verifier: verifier }),
    })
    return response.ok ? 'a session' : ((await response.json()) as { code: string }).code
  }
  async function newCode() {
    const verifier = randomBytes(40).toString('base64url')
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const url = `${provider.url}/auth/v1/authorize?provider=github&redirect_to=${encodeURIComponent(callback)}&code_challenge=${challenge}&code_challenge_method=s256`
    return { verifier, code: codeIn(await signInOnPage(url, { email: newEmail(), password })) }
  }

  it('is good once, also of many uses at the same moment', async () => {
    const { code, verifier } = await newCode()
    const results = await Promise.all(Array.from({ length: 8 }, () => redeem(code, verifier)))
    expect(results.filter((result) => result === 'a session')).toHaveLength(1)
    expect(results.filter((result) => result === 'flow_state_not_found')).toHaveLength(7)
  })

  it('is good for five minutes', async () => {
    const [early, late] = [await newCode(), await newCode()]
    provider.clock.seconds += 299
    expect(await redeem(early.code, early.verifier)).toBe('a session')
    provider.clock.seconds += 1
    expect(await redeem(late.code, late.verifier)).toBe('flow_state_expired')
  })

  it('is spent by a wrong verifier, so that a thief has no second guess', async () => {
    const { code, verifier } = await newCode()
    expect(await redeem(code, `${verifier}x`)).toBe('bad_code_verifier')
    expect(await redeem(code, verifier)).toBe('flow_state_not_found')
  })

  it.each([
    ['', 'x', 'validation_failed'],
    ['x', '', 'validation_failed'],
    [null, null, 'validation_failed'],
    [1, 'x', 'validation_failed'],
    ['x', 'x', 'flow_state_not_found'],
  ])('%j with the verifier %j is %s', async (code, verifier, expected) => {
    expect(await redeem(code, verifier)).toBe(expected)
  })
})

describe('the consent page', () => {
  it('loads nothing, runs nothing, cannot be framed, and sends its form only here and to the application', async () => {
    const { page, html, cookie } = await openPage((await start()).url)
    const policy = page.headers.get('content-security-policy')!
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; form-action 'self' https:\/\/app\.example;/,
    )
    expect(policy).toContain("frame-ancestors 'none'")
    expect(page.headers.get('access-control-allow-origin')).toBeNull()
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('set-cookie')).toMatch(
      /; HttpOnly; SameSite=Strict; Path=\/auth\/v1\/authorize; Max-Age=600$/,
    )
    expect(cookie).toMatch(/^consent-/)
    const style = /<style>(.*)<\/style>/s.exec(html)![1]!
    expect(policy).toContain(createHash('sha256').update(style).digest('base64'))
    expect(html).not.toMatch(/<script|javascript:| on\w+=/i)
  })

  it('shows nothing of what it was asked with as markup', async () => {
    const { html } = await openPage((await start(`${callback}?"><script>alert(1)</script>`)).url)
    expect(html).not.toContain('<script')
  })

  it('takes its form only from the browser and the page that it was made for', async () => {
    const { send, flow } = await openPage((await start()).url)
    const victim = await openPage((await start()).url)
    const own = new URL(provider.url).origin
    for (const headers of [
      { cookie: '' },
      { cookie: victim.cookie },
      { cookie: `consent-x=${flow}` },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect((await send({}, headers)).status, JSON.stringify(headers)).toBe(403)
    }
    expect((await send({ flow: victim.flow })).status).toBe(403)
    expect((await send({ flow: `${flow}A` })).status).toBe(400)
    expect((await send({}, { origin: own, 'sec-fetch-site': 'same-origin' })).status).toBe(303)
  })

  it('is good for ten minutes', async () => {
    const { send } = await openPage((await start()).url)
    provider.clock.seconds += 600
    expect((await send({})).status).toBe(400)
  })

  it.each([
    'https://evil.example/callback',
    'https://app.example.evil.example/',
    'https://app.example@evil.example/',
    'https://user@app.example/',
    'http://app.example/callback',
    'https://app.example:8443/',
    '//evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '',
  ])('never leads to %j: as with Supabase, it leads to the own site then', async (redirectTo) => {
    const url = new URL((await start()).url)
    url.searchParams.set('redirect_to', redirectTo)
    expect((await signInOnPage(url.href, { email: newEmail(), password })).origin).toBe(new URL(provider.url).origin)
  })

  it.each([
    ['provider=nobody', 'validation_failed'],
    ['provider=constructor', 'validation_failed'],
    ['provider=google', 'validation_failed'],
    ['provider=google&code_challenge=short&code_challenge_method=s256', 'validation_failed'],
    [`provider=google&code_challenge=${'a'.repeat(43)}&code_challenge_method=plain`, 'validation_failed'],
  ])('is not shown for %s', async (query, code) => {
    const response = await fetch(`${provider.url}/auth/v1/authorize?${query}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error_code: code })
  })
})
