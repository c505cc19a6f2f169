import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { describeIdentity } from './contract.ts'
import { IdentityError } from './index.ts'
import { signInOnPage } from './local/consent-visitor.ts'
import { startTestIssuer, type TestIssuer, testServiceRoleKey } from './local/testing.ts'
import { createSupabaseIdentity } from './supabase.ts'

let provider: TestIssuer
beforeAll(async () => {
  provider = await startTestIssuer(inject('clusterUrl'))
})
afterAll(() => provider.stop())

describeIdentity('supabase-js with the embedded issuer', () => ({
  identity: createSupabaseIdentity({
    url: `${provider.url}/`,
    key: 'publishable-key',
    serviceRoleKey: testServiceRoleKey,
  }),
  passSeconds(seconds) {
    provider.clock.seconds += seconds
  },
  now: () => new Date(provider.clock.seconds * 1000),
  approve: signInOnPage,
}))

describe('the Supabase driver', () => {
  const closers: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
  })

  async function against(listener: RequestListener, timeoutSeconds = 5) {
    const server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return createSupabaseIdentity({ url, key: 'publishable-key', serviceRoleKey: 'service-key', timeoutSeconds })
  }

  const id = '11111111-1111-4111-8111-111111111111'
  const calls = (identity: Awaited<ReturnType<typeof against>>) => [
    () => identity.signUp({ email: 'a@example.org', password: 'correct horse' }),
    () => identity.signIn({ email: 'a@example.org', password: 'correct horse' }),
    () => identity.refresh('token'),
    () => identity.account('token'),
    () => identity.signOut('token', 'local'),
    () => identity.enrolTotp('token', 'phone'),
    () => identity.listFactors('token'),
    () => identity.verifyTotp('token', id, '123456'),
    () => identity.unenrol('token', id),
    () => identity.exchangeCode('code', 'verifier'),
    () => identity.deleteAccount(id),
  ]

  const answers: [string, RequestListener][] = [
    ['is cut off', (request) => void request.socket.destroy()],
    ['answers 500', (_request, response) => void response.writeHead(500).end('{"msg":"secret detail"}')],
    ['answers 503 with a page', (_request, response) => void response.writeHead(503).end('<html>secret detail</html>')],
    ['answers with no JSON', (_request, response) => void response.writeHead(200).end('<html>secret detail</html>')],
    ['refuses our key', (_request, response) => void response.writeHead(401).end('{"message":"secret detail"}')],
  ]
  it.each(answers)(
    'says UNAVAILABLE, at once and with no word of the provider, when it %s',
    async (_name, listener) => {
      const started = performance.now()
      for (const call of calls(await against(listener))) {
        const error: unknown = await call().then(
          () => null,
          (reason: unknown) => reason,
        )
        expect(error).toBeInstanceOf(IdentityError)
        expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'the identity provider is unavailable' })
      }
      expect(performance.now() - started).toBeLessThan(3_000)
    },
  )

  it('gives up after its timeout, for the head and for the body, and asks only once', async () => {
    let requests = 0
    for (const listener of [
      () => requests++,
      ((_request, response) => {
        requests++
        response.writeHead(200).write('{')
      }) satisfies RequestListener,
    ]) {
      const identity = await against(listener, 0.2)
      for (const call of calls(identity)) {
        const started = performance.now()
        await expect(call()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
        expect(performance.now() - started).toBeLessThan(2_000)
      }
    }
    expect(requests).toBe(22)
  })

  it('tells an account that has to confirm its address from one that is signed in', async () => {
    const user = {
      id: 'u',
      email: 'a@example.org',
      created_at: '2026-01-01T00:00:00Z',
      user_metadata: {},
      app_metadata: {},
    }
    const identity = await against((_request, response) => void response.writeHead(200).end(JSON.stringify(user)))
    expect(await identity.signUp({ email: 'a@example.org', password: 'correct horse' })).toMatchObject({
      account: { id: 'u', emailConfirmed: false },
      session: null,
    })
  })

  it('says UNAVAILABLE, and asks nobody, when an account shall be deleted without the key for it', async () => {
    const identity = createSupabaseIdentity({
      url: 'http://127.0.0.1:9',
      key: 'publishable-key',
      fetch: () => {
        throw new Error('nobody is asked')
      },
    })
    await expect(identity.deleteAccount(id)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'this installation has no key to delete accounts with',
    })
  })

  it.each([
    ['email_not_confirmed', 400, 'EMAIL_NOT_CONFIRMED'],
    ['user_banned', 400, 'ACCOUNT_BANNED'],
    ['signup_disabled', 422, 'SIGN_UP_DISABLED'],
    ['over_email_send_rate_limit', 429, 'RATE_LIMITED'],
    ['something_new', 429, 'RATE_LIMITED'],
    ['constructor', 400, 'UNAVAILABLE'],
  ])('maps %s (%i) to %s', async (code, status, expected) => {
    const identity = await against((_request, response) => {
      const headers = { 'x-supabase-api-version': '2024-01-01', 'retry-after': '17' }
      response.writeHead(status, headers).end(JSON.stringify({ code, message: 'detail' }))
    })
    await expect(identity.signIn({ email: 'a@example.org', password: 'x' })).rejects.toMatchObject({
      code: expected,
      retryAfterSeconds: status === 429 ? 17 : null,
    })
  })
})
