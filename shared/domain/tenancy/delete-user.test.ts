import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createTenants, unheard } from '../../../tests/setup/tenancy.ts'
import { type Database, system } from '../../platform/database/index.ts'
import { newId } from '../ids.ts'
import { notify } from '../notifications/notifications.ts'
import { deleteUser, forgetAccounts, pruneDeletedUsers } from './delete-user.ts'
import { acceptInvitation, createInvitation } from './invitations.ts'
import { createOrganization } from './organizations.ts'
import { loadIdentity } from './principal.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
let tenants: ReturnType<typeof createTenants>

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(4)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  tenants = createTenants(database)
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

async function newcomer() {
  const email = `${newId()}@example.org`
  return { userId: await tenants.person(email), email }
}

const deleteMe = ({ userId, email }: { userId: string; email: string }, confirm = email) =>
  tenants.outside(userId, (sql, enter) => deleteUser(sql, userId, { confirm, enter, async left() {} }))

async function invite(orgId: string, createdBy: string, email: string) {
  const id = newId()
  const tokenSha256 = id.replaceAll('-', '').repeat(2)
  const expiresAt = new Date(Date.now() + 1000_000)
  const draft = { id, orgId, email, role: 'viewer' as const, workspaceIds: [], tokenSha256, expiresAt, createdBy }
  await tenants.as(orgId, createdBy, (sql) =>
    createInvitation(sql, draft, { now: new Date(), defaultPlanId: 'enterprise' }),
  )
  return { orgId, invitationId: id, sha256: tokenSha256 }
}

/** Until a transaction waits for another one's lock. */
async function isWaiting(): Promise<void> {
  while (
    (await owner`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
      .length === 0
  )
    await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Every row of every table that holds this text anywhere. */
async function tracesOf(text: string): Promise<string[]> {
  const tables = await owner<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`
  const traces: string[] = []
  for (const { name } of tables) {
    const found = await owner`select 1 from ${owner(name)} t where t::text ilike ${`%${text}%`} limit 1`
    if (found.length > 0) traces.push(name)
  }
  return traces
}

describe('someone who deletes themselves', () => {
  test('leaves a row without personal data, and nothing else that was theirs', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const other = await tenants.organization()
    const me = await newcomer()
    await owner`update users set display_name = ${`Name ${me.userId}`}, locale = 'de', preferences = '{"theme":"dark"}'
      where id = ${me.userId}`
    await tenants.join(orgId, 'admin', ['audit:read'], me.userId)
    await tenants.as(orgId, ownerId, (sql) =>
      notify(sql, { orgId, userId: me.userId, kind: 'k', title: 't', body: 'b', subjectId: newId() }),
    )
    await invite(other.orgId, other.ownerId, me.email.toUpperCase())
    expect(await tracesOf(me.email)).toEqual(expect.arrayContaining(['invitations', 'users']))
    await deleteMe(me)
    expect(await tracesOf(me.email)).toEqual([])
    expect(await tracesOf(`Name ${me.userId}`)).toEqual([])
    expect(await tracesOf(me.userId)).toEqual(['users'])
    const [row] =
      await owner`select email, display_name, locale, time_zone, preferences from users where id = ${me.userId}`
    expect(row).toEqual({ email: '', display_name: null, locale: 'en', time_zone: 'UTC', preferences: {} })
  })

  test('is nobody to a token that is still valid, and nothing is written down of it', async () => {
    const me = await newcomer()
    await deleteMe(me)
    const identity = await database.transaction(system, (sql) =>
      loadIdentity(sql, { sub: `sub-${me.userId}`, email: me.email }, 'enterprise'),
    )
    expect(identity).toMatchObject({ userId: me.userId, deleted: true, memberships: [] })
    expect(await tracesOf(me.email)).toEqual([])
  })

  test('has to say so with their address', async () => {
    const me = await newcomer()
    await expect(deleteMe(me, 'yes')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    await expect(deleteMe(me, '')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    await deleteMe(me, ` ${me.email.toUpperCase()} `)
    await expect(deleteMe(me)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('is told which organizations still need them, and then nothing happens', async () => {
    const me = await newcomer()
    const [red, blue] = [await tenants.organization('Red'), await tenants.organization('Blue')]
    await tenants.join(red.orgId, 'viewer', [], me.userId)
    for (const name of ['First', 'Second']) {
      const id = newId()
      await tenants.as(id, me.userId, (sql) =>
        createOrganization({ sql, publish: unheard }, { id, name, ownerId: me.userId }),
      )
    }
    await tenants.join(blue.orgId, 'owner', [], me.userId)
    await expect(deleteMe(me)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/"First".*"Second"/),
    })
    await expect(deleteMe(me)).rejects.not.toMatchObject({ message: expect.stringMatching(/Red|Blue/) })
    expect(await owner`select 1 from memberships where user_id = ${me.userId}`).toHaveLength(4)
    await owner`update organizations set deleting_at = now() where name in ('First', 'Second')`
    await deleteMe(me)
  })

  test('while they join an organization is in none afterwards', async () => {
    const { orgId, ownerId } = await tenants.organization()
    for (const first of ['joining', 'deleting']) {
      const me = await newcomer()
      const token = await invite(orgId, ownerId, me.email)
      const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const pause = async (who: string) => {
        if (who !== first) return
        reached.resolve()
        await gate.promise
      }
      const join = () =>
        tenants.outside(me.userId, async (sql, enter) => {
          await enter(orgId)
          await acceptInvitation(sql, token, me, { now: new Date(), defaultPlanId: 'enterprise' })
          await pause('joining')
        })
      const leave = () =>
        tenants.outside(me.userId, async (sql, enter) => {
          await deleteUser(sql, me.userId, { confirm: me.email, enter, async left() {} })
          await pause('deleting')
        })
      const [one, other] = first === 'joining' ? [join, leave] : [leave, join]
      const started = one()
      await reached.promise
      const second = other()
      await isWaiting()
      gate.resolve()
      await Promise.allSettled([started, second])
      const [user] = await owner`select deleted_at from users where id = ${me.userId}`
      expect(user?.deleted_at, first).not.toBeNull()
      const rows = await owner`
        select m.user_id from memberships m join users u on u.id = m.user_id
        where u.id = ${me.userId} and u.deleted_at is not null`
      expect(rows).toHaveLength(0)
    }
  })

  test('while they make an organization is its owner, and told so', async () => {
    const me = await newcomer()
    const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const id = newId()
    const making = tenants.as(id, me.userId, async (sql) => {
      await createOrganization({ sql, publish: unheard }, { id, name: 'In the making', ownerId: me.userId })
      reached.resolve()
      await gate.promise
    })
    await reached.promise
    const deleting = deleteMe(me)
    deleting.catch(() => {})
    await isWaiting()
    gate.resolve()
    await making
    await expect(deleting).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('In the making'),
    })
  })

  test("can't make an organization with a token that is still valid", async () => {
    const me = await newcomer()
    await deleteMe(me)
    const id = newId()
    const making = tenants.as(id, me.userId, (sql) =>
      createOrganization({ sql, publish: unheard }, { id, name: 'Ghost', ownerId: me.userId }),
    )
    await expect(making).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('at the same moment as the other owner: one of them stays', async () => {
    for (let round = 0; round < 4; round++) {
      const people = [await newcomer(), await newcomer()] as const
      const id = newId()
      await tenants.as(id, people[0].userId, (sql) =>
        createOrganization({ sql, publish: unheard }, { id, name: 'Shared', ownerId: people[0].userId }),
      )
      await tenants.join(id, 'owner', [], people[1].userId)
      const outcomes = await Promise.allSettled(people.map((person) => deleteMe(person)))
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(await owner`select 1 from memberships where org_id = ${id} and role = 'owner'`).toHaveLength(1)
    }
  })
})

describe('the account at the identity provider', () => {
  const run = (removeAccount: (sub: string) => Promise<void>) =>
    database.transaction(system, (sql) => forgetAccounts(sql, removeAccount))
  const prune = (now: Date) => database.transaction(system, (sql) => pruneDeletedUsers(sql, now))
  const dayMilliseconds = 86_400_000

  test('is removed once it can be, also when another one fails', async () => {
    await run(async () => {})
    const [first, second] = [await newcomer(), await newcomer()]
    await deleteMe(first)
    await deleteMe(second)
    const asked: string[] = []
    const failing = async (sub: string) => {
      asked.push(sub)
      if (sub === `sub-${first.userId}`) throw new Error('provider down')
    }
    expect(await run(failing)).toMatchObject([{ userId: first.userId }])
    expect(asked).toEqual([`sub-${first.userId}`, `sub-${second.userId}`])
    asked.length = 0
    expect(await run(async (sub) => void asked.push(sub))).toEqual([])
    expect(asked).toEqual([`sub-${first.userId}`])
    expect(await run(async () => Promise.reject(new Error('nobody is left to be asked for')))).toEqual([])
  })

  test('is removed by one run at a time', async () => {
    const me = await newcomer()
    await deleteMe(me)
    const asked: string[] = []
    const slow = async (sub: string) => {
      asked.push(sub)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await Promise.all([run(slow), run(slow)])
    expect(asked).toEqual([`sub-${me.userId}`])
  })

  test('is remembered for two days after the deletion, and as long as the provider remembers it', async () => {
    const [gone, stuck, there] = [await newcomer(), await newcomer(), await newcomer()]
    await deleteMe(gone)
    await deleteMe(stuck)
    await run(async (sub) => {
      if (sub === `sub-${stuck.userId}`) throw new Error('provider down')
    })
    const ids = [gone.userId, stuck.userId, there.userId]
    const left = async () => (await owner`select id from users where id in ${owner(ids)}`).map(({ id }) => id).sort()
    await prune(new Date(Date.now() + 1.9 * dayMilliseconds))
    expect(await left()).toEqual([...ids].sort())
    await prune(new Date(Date.now() + 2.1 * dayMilliseconds))
    expect(await left()).toEqual([stuck.userId, there.userId].sort())
  })
})
