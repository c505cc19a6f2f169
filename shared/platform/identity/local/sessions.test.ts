import { randomUUID } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startTestIssuer, type TestIssuer } from './testing.ts'

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

async function refreshCode(refreshToken: string): Promise<string | undefined> {
  const { error } = await makeClient().refreshSession({ refresh_token: refreshToken })
  return error ? (error.code ?? error.name) : 'refreshed'
}

describe('refreshing a session', () => {
  it('returns new tokens of the same session, again and again', async () => {
    const { session, user } = await signUp()
    let current = session
    for (let round = 0; round < 5; round++) {
      provider.clock.seconds += 600
      const { data, error } = await makeClient().refreshSession({ refresh_token: current.refresh_token })
      expect(error).toBeNull()
      expect(data.session!.refresh_token).not.toBe(current.refresh_token)
      expect(decodeJwt(data.session!.access_token)).toMatchObject({
        sub: user.id,
        session_id: decodeJwt(session.access_token).session_id,
        iat: provider.clock.seconds,
        amr: decodeJwt(session.access_token).amr,
      })
      current = data.session!
    }
  })

  it('answers every one of several refreshes at the same moment with the same next token', async () => {
    const { session } = await signUp()
    const results = await Promise.all(
      Array.from({ length: 10 }, () => makeClient().refreshSession({ refresh_token: session.refresh_token })),
    )
    const next = new Set(results.map(({ data }) => data.session?.refresh_token))
    expect(next.size).toBe(1)
    expect(await refreshCode([...next][0]!)).toBe('refreshed')
  })

  it('accepts the last token for 10 s more; later its use ends the session', async () => {
    const { session } = await signUp()
    const next = (await makeClient().refreshSession({ refresh_token: session.refresh_token })).data.session!
    provider.clock.seconds += 10
    const again = await makeClient().refreshSession({ refresh_token: session.refresh_token })
    expect(again.data.session?.refresh_token).toBe(next.refresh_token)
    provider.clock.seconds += 1
    expect(await refreshCode(session.refresh_token)).toBe('refresh_token_already_used')
    expect(await refreshCode(next.refresh_token)).toBe('refresh_token_not_found')
    expect((await makeClient().getUser(next.access_token)).error?.name).toBe('AuthSessionMissingError')
  })

  it('ends the session at once when a token from before the last one is used', async () => {
    const { session } = await signUp()
    const second = (await makeClient().refreshSession({ refresh_token: session.refresh_token })).data.session!
    const third = (await makeClient().refreshSession({ refresh_token: second.refresh_token })).data.session!
    expect(await refreshCode(session.refresh_token)).toBe('refresh_token_already_used')
    expect(await refreshCode(third.refresh_token)).toBe('refresh_token_not_found')
  })

  it("leaves the account's other sessions alone when one is ended for reuse", async () => {
    const { session, email } = await signUp()
    const other = (await makeClient().signInWithPassword({ email, password })).data.session!
    await refreshCode(session.refresh_token)
    provider.clock.seconds += 11
    expect(await refreshCode(session.refresh_token)).toBe('refresh_token_already_used')
    expect(await refreshCode(other.refresh_token)).toBe('refreshed')
  })

  it('refuses a token that was changed in any place, and what is no token', async () => {
    const { session } = await signUp()
    const token = session.refresh_token
    for (let index = 0; index < token.length; index += 7) {
      const changed = token.slice(0, index) + (token[index] === 'A' ? 'B' : 'A') + token.slice(index + 1)
      expect(await refreshCode(changed)).toBe('refresh_token_not_found')
    }
    for (const wrong of ['x', `${token}A`, `${token}=`, ` ${token}`, session.access_token, randomUUID()]) {
      expect(await refreshCode(wrong)).toBe('refresh_token_not_found')
    }
    expect(await refreshCode(token)).toBe('refreshed')
  })

  it('ends after 30 days without a refresh', async () => {
    const { session } = await signUp()
    const { session: idle } = await signUp()
    provider.clock.seconds += 30 * 24 * 3600 - 1
    expect(await refreshCode(session.refresh_token)).toBe('refreshed')
    provider.clock.seconds += 1
    expect(await refreshCode(idle.refresh_token)).toBe('session_expired')
  })

  it('works after a restart', async () => {
    const { session } = await signUp()
    await provider.restart()
    expect((await makeClient().getUser(session.access_token)).data.user?.id).toBe(session.user.id)
    expect(await refreshCode(session.refresh_token)).toBe('refreshed')
  })

  it('is refused to a banned account, as is signing in', async () => {
    const { session, email, user } = await signUp()
    const sql = postgres(provider.databaseUrl, { max: 1 })
    await sql`update identity.users set banned_until = '2999-01-01' where id = ${user.id}`
    await sql.end()
    expect(await refreshCode(session.refresh_token)).toBe('user_banned')
    expect((await makeClient().signInWithPassword({ email, password })).error?.code).toBe('user_banned')
  })
})

describe('signing out', () => {
  async function threeSessions() {
    const { email, session } = await signUp()
    const others = await Promise.all([1, 2].map(() => makeClient().signInWithPassword({ email, password })))
    return [session, ...others.map(({ data }) => data.session!)]
  }
  const alive = (sessions: { refresh_token: string }[]) =>
    Promise.all(sessions.map(async ({ refresh_token: token }) => (await refreshCode(token)) === 'refreshed'))

  it.each([
    ['local', [false, true, true]],
    ['others', [true, false, false]],
    ['global', [false, false, false]],
  ] as const)('with scope %s ends the sessions it names and no other', async (scope, expected) => {
    const sessions = await threeSessions()
    const bystander = await signUp()
    const { error } = await makeClient().admin.signOut(sessions[0]!.access_token, scope)
    expect(error).toBeNull()
    expect(await alive(sessions)).toEqual(expected)
    expect(await alive([bystander.session])).toEqual([true])
  })

  it('ends the session of a client that signed in', async () => {
    const { client, session } = await signUp()
    expect((await client.signOut()).error).toBeNull()
    expect(await refreshCode(session.refresh_token)).toBe('refresh_token_not_found')
    expect((await makeClient().getUser(session.access_token)).error?.name).toBe('AuthSessionMissingError')
  })
})

describe('an access token', () => {
  it('tells who it is, unless it is missing, changed or expired', async () => {
    const { session, user } = await signUp()
    expect((await makeClient().getUser(session.access_token)).data.user).toMatchObject({
      id: user.id,
      email: user.email,
    })
    const ask = async (authorization?: string) => {
      const response = await fetch(`${provider.url}/auth/v1/user`, { headers: authorization ? { authorization } : {} })
      return [response.status, ((await response.json()) as { error_code?: string }).error_code]
    }
    expect(await ask()).toEqual([401, 'no_authorization'])
    expect(await ask('Basic YTpi')).toEqual([401, 'no_authorization'])
    expect(await ask('Bearer publishable-key')).toEqual([403, 'bad_jwt'])
    expect(await ask(`Bearer ${session.access_token.slice(0, -4)}AAAA`)).toEqual([403, 'bad_jwt'])
    provider.clock.seconds += 3606
    expect(await ask(`Bearer ${session.access_token}`)).toEqual([403, 'bad_jwt'])
  })

  it('stays valid over a rotation of keys, after which the next key signs', async () => {
    const { session } = await signUp()
    await provider.issuer().rotate()
    const { session: later } = await signUp()
    expect(decodeProtectedHeader(later.access_token).kid).not.toBe(decodeProtectedHeader(session.access_token).kid)
    for (const { access_token: token } of [session, later]) {
      expect((await makeClient().getUser(token)).error).toBeNull()
    }
    const { keys } = (await (await fetch(`${provider.url}/auth/v1/.well-known/jwks.json`)).json()) as { keys: object[] }
    expect(keys).toEqual(provider.issuer().jwks().keys)
    for (const key of keys) expect(key).not.toHaveProperty('d')
  })
})
