import { randomUUID } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startTestIssuer, type TestIssuer, testServiceRoleKey } from './testing.ts'

let provider: TestIssuer

beforeAll(async () => {
  provider = await startTestIssuer(inject('clusterUrl'))
})
afterAll(() => provider.stop())

function makeClient() {
  return createClient(provider.url, 'publishable-key', { auth: { persistSession: false, autoRefreshToken: false } })
    .auth
}

async function signUp() {
  const email = `${randomUUID()}@example.org`
  const { data, error } = await makeClient().signUp({ email, password: 'correct horse battery' })
  if (error) throw error
  return { email, user: data.user!, session: data.session! }
}

describe('administering accounts', () => {
  const admin = (key: string) =>
    createClient(provider.url, key, { auth: { persistSession: false, autoRefreshToken: false } }).auth.admin

  it('shows and deletes an account with everything of it to whoever has the service role key', async () => {
    const { user, session, email } = await signUp()
    expect((await admin(testServiceRoleKey).getUserById(user.id)).data.user).toMatchObject({ id: user.id, email })
    expect((await admin(testServiceRoleKey).deleteUser(user.id)).error).toBeNull()
    expect((await admin(testServiceRoleKey).deleteUser(user.id)).error).toMatchObject({ code: 'user_not_found' })
    expect((await makeClient().refreshSession({ refresh_token: session.refresh_token })).error).not.toBeNull()
    const sql = postgres(provider.databaseUrl, { max: 1 })
    for (const table of ['users', 'identities', 'sessions']) {
      const column = table === 'users' ? 'id' : 'user_id'
      expect(await sql`select from identity.${sql(table)} where ${sql(column)} = ${user.id}`).toHaveLength(0)
    }
    await sql.end()
  })

  it('is nothing for anybody else, whoever they are and whether there is such an account', async () => {
    const { user, session } = await signUp()
    for (const key of ['publishable-key', session.access_token, `${testServiceRoleKey}x`]) {
      for (const id of [user.id, randomUUID()]) {
        expect((await admin(key).getUserById(id)).error).toMatchObject({ status: 403, code: 'not_admin' })
        const response = await fetch(`${provider.url}/auth/v1/admin/users/${id}`, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${key}` },
        })
        expect(response.status).toBe(403)
      }
    }
    expect((await makeClient().getUser(session.access_token)).error).toBeNull()
  })
})
