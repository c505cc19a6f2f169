import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Identity, IdentityError } from './index.ts'
import { decodeBase32, stepAt, totpCode } from './local/totp.ts'

/** A provider as a driver's suite needs it. */
export interface IdentityUnderTest {
  identity: Identity
  /** Lets time pass at the provider; absent where the clock can't be turned. */
  passSeconds?(seconds: number): void
  /** The provider's time; the real one when absent. */
  now?(): Date
  /** Signs in on the page that a URL of `oauthUrl` leads to, as a person would, and returns where that leads. */
  approve?(url: string, credentials: { email: string; password: string }): Promise<URL>
}

/**
 * What every provider behind the port `Identity` guarantees, where addresses are confirmed at sign-up.
 *
 * @param subject - called in each test, after the suite's own set-up.
 */
export function describeIdentity(driver: string, subject: () => IdentityUnderTest): void {
  const password = 'correct horse battery'
  const newEmail = () => `${randomUUID()}@example.org`

  async function failure(work: Promise<unknown>): Promise<IdentityError> {
    const error = await work.then(
      () => new Error('it succeeded'),
      (reason: unknown) => reason,
    )
    if (error instanceof IdentityError) return error
    throw error
  }

  async function signUp() {
    const email = newEmail()
    const { account, session } = await subject().identity.signUp({ email, password })
    if (!session) throw new Error('no session')
    return { email, account, session }
  }

  /** What an authenticator app shows, some steps from now. */
  function codeOf(secret: string, steps = 0): string {
    const now = subject().now?.() ?? new Date()
    return totpCode(decodeBase32(secret), stepAt(now) + steps)
  }

  describe(`${driver} as an identity provider`, () => {
    it('makes an account and signs it in', async () => {
      const email = newEmail()
      const { account, session } = await subject().identity.signUp({
        email: email.toUpperCase(),
        password,
        metadata: { name: 'Ada' },
      })
      expect(account).toMatchObject({ email, emailConfirmed: true, metadata: { name: 'Ada' } })
      expect(account.id).toMatch(/^[0-9a-f-]{36}$/)
      expect(account.createdAt).toBeInstanceOf(Date)
      expect(session?.account).toEqual(account)
      expect(session?.expiresAt.getTime()).toBeGreaterThan(account.createdAt.getTime())
      expect(await subject().identity.account(session!.accessToken)).toEqual(account)
    })

    it('signs in with the right password only', async () => {
      const { email, account } = await signUp()
      expect((await subject().identity.signIn({ email, password })).account.id).toBe(account.id)
      for (const credentials of [
        { email, password: `${password}!` },
        { email: newEmail(), password },
        { email: 'no address', password },
        { email, password: '' },
      ]) {
        expect(await failure(subject().identity.signIn(credentials))).toMatchObject({ code: 'INVALID_CREDENTIALS' })
      }
    })

    it('refuses an address that is taken, one that is none, and a weak password', async () => {
      const { email } = await signUp()
      const { identity } = subject()
      expect(await failure(identity.signUp({ email, password }))).toMatchObject({ code: 'EMAIL_TAKEN' })
      expect(await failure(identity.signUp({ email: 'no address', password }))).toMatchObject({ code: 'INVALID_EMAIL' })
      expect(await failure(identity.signUp({ email: newEmail(), password: 'short' }))).toMatchObject({
        code: 'WEAK_PASSWORD',
        reasons: ['length'],
      })
    })

    it('limits wrong passwords, and says when to come back', async () => {
      const { email } = await signUp()
      let error = await failure(subject().identity.signIn({ email, password: 'wrong' }))
      for (let guess = 0; guess < 40 && error.code === 'INVALID_CREDENTIALS'; guess++) {
        error = await failure(subject().identity.signIn({ email, password: `wrong ${guess}` }))
      }
      expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) })
    })

    it('exchanges a refresh token for a new session of the same account', async () => {
      const { session, account } = await signUp()
      const next = await subject().identity.refresh(session.refreshToken)
      expect(next.account.id).toBe(account.id)
      expect(next.refreshToken).not.toBe(session.refreshToken)
      expect((await subject().identity.refresh(next.refreshToken)).account.id).toBe(account.id)
    })

    it('gives each of many people who refresh at the same moment their own session', async () => {
      const people = await Promise.all(Array.from({ length: 10 }, signUp))
      const refreshed = await Promise.all(people.map(({ session }) => subject().identity.refresh(session.refreshToken)))
      expect(refreshed.map(({ account }) => account.id)).toEqual(people.map(({ account }) => account.id))
    })

    it('ends a session whose refresh token was used again later', async ({ skip }) => {
      const { identity, passSeconds } = subject()
      if (!passSeconds) return skip("this provider's clock can't be turned")
      const { session } = await signUp()
      const next = await identity.refresh(session.refreshToken)
      passSeconds(60)
      expect(await failure(identity.refresh(session.refreshToken))).toMatchObject({ code: 'SESSION_EXPIRED' })
      expect(await failure(identity.refresh(next.refreshToken))).toMatchObject({ code: 'SESSION_EXPIRED' })
    })

    it('refuses tokens that are none', async () => {
      const { identity } = subject()
      const { session } = await signUp()
      for (const token of ['', 'x', session.accessToken, `${session.refreshToken}x`]) {
        expect(await failure(identity.refresh(token))).toMatchObject({ code: 'SESSION_EXPIRED' })
      }
      for (const token of ['', 'x', session.refreshToken, `${session.accessToken}x`]) {
        expect(await failure(identity.account(token))).toMatchObject({ code: 'SESSION_EXPIRED' })
      }
    })

    it('signs out one session, the others, or all', async () => {
      const { identity } = subject()
      const { email, session } = await signUp()
      const open = () => identity.signIn({ email, password })
      const isOpen = async (accessToken: string) => {
        const error = await identity.account(accessToken).then(
          () => null,
          (reason: IdentityError) => reason.code,
        )
        expect([null, 'SESSION_EXPIRED']).toContain(error)
        return error === null
      }
      const [second, third] = [await open(), await open()]
      await identity.signOut(second.accessToken, 'local')
      expect(await Promise.all([session, second, third].map((one) => isOpen(one.accessToken)))).toEqual([
        true,
        false,
        true,
      ])
      await identity.signOut(third.accessToken, 'others')
      expect(await Promise.all([session, third].map((one) => isOpen(one.accessToken)))).toEqual([false, true])
      const fourth = await open()
      await identity.signOut(fourth.accessToken, 'global')
      expect(await Promise.all([third, fourth].map((one) => isOpen(one.accessToken)))).toEqual([false, false])
      // What has ended may be ended again.
      await identity.signOut(fourth.accessToken, 'global')
    })

    it('raises a session by a code of a factor that was set up, and keeps it raised', async () => {
      const { identity } = subject()
      const { session, email } = await signUp()
      expect(session).toMatchObject({ aal: 'aal1', account: { hasVerifiedFactor: false } })
      const factor = await identity.enrolTotp(session.accessToken, 'phone')
      expect(factor.uri).toContain(`secret=${factor.secret}`)
      expect(factor.qrCode).toMatch(/^(<\?xml[^>]*>\s*)?<svg/)
      expect(await identity.listFactors(session.accessToken)).toEqual([
        { id: factor.id, name: 'phone', type: 'totp', status: 'unverified', createdAt: expect.any(Date) },
      ])
      expect((await identity.account(session.accessToken)).hasVerifiedFactor).toBe(false)

      const raised = await identity.verifyTotp(session.accessToken, factor.id, codeOf(factor.secret))
      expect(raised).toMatchObject({ aal: 'aal2', account: { email, hasVerifiedFactor: true } })
      expect(await identity.refresh(raised.refreshToken)).toMatchObject({ aal: 'aal2' })
      expect((await identity.listFactors(raised.accessToken))[0]).toMatchObject({ id: factor.id, status: 'verified' })
      // A password alone is the weaker session again.
      expect(await identity.signIn({ email, password })).toMatchObject({
        aal: 'aal1',
        account: { hasVerifiedFactor: true },
      })
    })

    it('takes a right code of its own factor only', async () => {
      const { identity } = subject()
      const { session } = await signUp()
      const stranger = await signUp()
      const factor = await identity.enrolTotp(session.accessToken, 'phone')
      const code = codeOf(factor.secret)
      const wrong = code === '000000' ? '000001' : '000000'
      expect(await failure(identity.verifyTotp(session.accessToken, factor.id, wrong))).toMatchObject({
        code: 'WRONG_CODE',
      })
      for (const [token, id] of [
        [stranger.session.accessToken, factor.id],
        [session.accessToken, randomUUID()],
      ] as const) {
        expect(await failure(identity.verifyTotp(token, id, code))).toMatchObject({ code: 'FACTOR_NOT_FOUND' })
        expect(await failure(identity.unenrol(token, id))).toMatchObject({ code: 'FACTOR_NOT_FOUND' })
      }
      for (const token of ['', 'x']) {
        for (const call of [
          () => identity.verifyTotp(token, factor.id, code),
          () => identity.enrolTotp(token, 'phone'),
          () => identity.listFactors(token),
          () => identity.unenrol(token, factor.id),
        ]) {
          expect(await failure(call())).toMatchObject({ code: 'SESSION_EXPIRED' })
        }
      }
      expect(await identity.verifyTotp(session.accessToken, factor.id, code)).toMatchObject({ aal: 'aal2' })
    })

    it('lets a factor that was never verified give way to a new one of its name, and no verified one', async () => {
      const { identity } = subject()
      const { session } = await signUp()
      const forgotten = await identity.enrolTotp(session.accessToken, 'phone')
      const factor = await identity.enrolTotp(session.accessToken, 'phone')
      expect((await identity.listFactors(session.accessToken)).map(({ id }) => id)).toEqual([factor.id])
      expect(factor.secret).not.toBe(forgotten.secret)
      const raised = await identity.verifyTotp(session.accessToken, factor.id, codeOf(factor.secret))
      expect(await failure(identity.enrolTotp(raised.accessToken, 'phone'))).toMatchObject({ code: 'FACTOR_EXISTS' })
      expect((await identity.enrolTotp(raised.accessToken, 'tablet')).name).toBe('tablet')
    })

    it('asks for the second factor to remove it or to add another', async () => {
      const { identity } = subject()
      const { session, email } = await signUp()
      const factor = await identity.enrolTotp(session.accessToken, 'phone')
      const raised = await identity.verifyTotp(session.accessToken, factor.id, codeOf(factor.secret))
      const { accessToken: weak } = await identity.signIn({ email, password })
      for (const call of [() => identity.unenrol(weak, factor.id), () => identity.enrolTotp(weak, 'thief')]) {
        expect(await failure(call())).toMatchObject({ code: 'SECOND_FACTOR_REQUIRED' })
      }
      await identity.unenrol(raised.accessToken, factor.id)
      expect((await identity.account(raised.accessToken)).hasVerifiedFactor).toBe(false)
      expect(await identity.refresh(raised.refreshToken)).toMatchObject({ aal: 'aal1' })
    })

    it('signs in through a provider, with a code that is good once and only with its verifier', async ({ skip }) => {
      const { identity, approve } = subject()
      if (!approve) return skip('nobody is there to sign in with the provider')
      const email = newEmail()
      const start = () => identity.oauthUrl('google', 'https://app.example/callback?from=test')
      const [first, second] = [await start(), await start()]
      expect(first.codeVerifier).not.toBe(second.codeVerifier)
      const comeBack = async (url: string) => {
        const back = await approve(url, { email, password })
        expect(back.href).toMatch(/^https:\/\/app\.example\/callback\?from=test&code=/)
        return back.searchParams.get('code')!
      }
      const code = await comeBack(first.url)
      const session = await identity.exchangeCode(code, first.codeVerifier)
      expect(session).toMatchObject({ aal: 'aal1', account: { email } })
      expect(await failure(identity.exchangeCode(code, first.codeVerifier))).toMatchObject({ code: 'INVALID_FLOW' })

      const other = await comeBack(second.url)
      expect(await failure(identity.exchangeCode(other, first.codeVerifier))).toMatchObject({ code: 'INVALID_FLOW' })
      for (const [wrongCode, verifier] of [
        ['', second.codeVerifier],
        [randomUUID(), second.codeVerifier],
        [other, ''],
      ] as const) {
        expect(await failure(identity.exchangeCode(wrongCode, verifier))).toMatchObject({ code: 'INVALID_FLOW' })
      }
      expect((await identity.account(session.accessToken)).id).toBe(session.account.id)
    })

    it('deletes an account with its sessions, once and again', async () => {
      const { identity } = subject()
      const { session, account, email } = await signUp()
      const bystander = await signUp()
      await identity.deleteAccount(account.id)
      await identity.deleteAccount(account.id)
      expect(await failure(identity.refresh(session.refreshToken))).toMatchObject({ code: 'SESSION_EXPIRED' })
      expect(await failure(identity.account(session.accessToken))).toMatchObject({ code: 'SESSION_EXPIRED' })
      expect(await failure(identity.signIn({ email, password }))).toMatchObject({ code: 'INVALID_CREDENTIALS' })
      expect((await identity.account(bystander.session.accessToken)).id).toBe(bystander.account.id)
      expect((await identity.signUp({ email, password })).account.id).not.toBe(account.id)
    })
  })
}
