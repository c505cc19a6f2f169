import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Identity, IdentityError } from './index.ts'

/** A provider as a driver's suite needs it. */
export interface IdentityUnderTest {
  identity: Identity
  /** Lets time pass at the provider; absent where the clock can't be turned. */
  passSeconds?(seconds: number): void
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
  })
}
