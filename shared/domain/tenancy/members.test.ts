import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import type { Database } from '../../platform/database/index.ts'
import { newId } from '../ids.ts'
import { createInvitation, listInvitations } from './invitations.ts'
import {
  leaveOrganization,
  listMembers,
  readMember,
  removeMember,
  setMemberPermissions,
  updateMember,
} from './members.ts'
import { type Role, roles } from './permissions.ts'

/** Written out by hand: which roles someone with members:manage may change. */
const changes: Record<Role, readonly Role[]> = {
  owner: ['owner', 'admin', 'editor', 'viewer'],
  admin: ['admin', 'editor', 'viewer'],
  editor: ['editor', 'viewer'],
  viewer: ['viewer'],
}

let clone: TestDatabase
let database: Database
let tenants: ReturnType<typeof createTenants>

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(4)
  tenants = createTenants(database)
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

const update = (orgId: string, actorId: string, userId: string, change: Parameters<typeof updateMember>[2]) =>
  tenants.as(orgId, actorId, (sql) => updateMember(sql, { orgId, actorId, userId }, change))
const remove = (orgId: string, actorId: string, userId: string) =>
  tenants.as(orgId, actorId, (sql) => removeMember(sql, { orgId, actorId, userId }))
const read = (orgId: string, userId: string) => tenants.as(orgId, userId, (sql) => readMember(sql, orgId, userId))
const ownersOf = async (orgId: string, as: string) => {
  const members = await tenants.as(orgId, as, (sql) => listMembers(sql, orgId, { size: 50, before: null }))
  return members.filter(({ role, disabled }) => role === 'owner' && !disabled).map(({ id }) => id)
}

for (const actorRole of roles) {
  for (const targetRole of roles) {
    const allowed = changes[actorRole].includes(targetRole)
    const outcome = allowed ? 'may' : 'may not'
    test(`${actorRole} ${outcome} change, suspend and remove: ${targetRole}`, async () => {
      const { orgId } = await tenants.organization()
      const actorId = await tenants.join(orgId, actorRole, ['members:manage'])
      const userId = await tenants.join(orgId, targetRole)
      const attempts = [
        () => update(orgId, actorId, userId, { role: 'viewer' }),
        () => update(orgId, actorId, userId, { role: targetRole, disabled: true }),
        () => remove(orgId, actorId, userId),
      ]
      for (const attempt of attempts) {
        if (allowed) await attempt()
        else await expect(attempt()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
      }
      const left = await read(orgId, userId).catch(() => null)
      expect(left).toEqual(allowed ? null : expect.objectContaining({ role: targetRole, disabled: false }))
    })
  }
}

for (const role of roles) {
  for (const wanted of roles) {
    const upward = roles.indexOf(wanted) < roles.indexOf(role)
    test(`${role} ${upward ? "can't" : 'can'} turn themselves into ${wanted}`, async () => {
      const { orgId } = await tenants.organization()
      const userId = await tenants.join(orgId, role, ['members:manage'])
      const attempt = update(orgId, userId, userId, { role: wanted })
      if (upward) await expect(attempt).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
      else expect((await attempt).member.role).toBe(wanted)
    })
  }
}

describe('the last owner', () => {
  test("can't be demoted, removed or let go", async () => {
    const { orgId, ownerId } = await tenants.organization()
    const attempts = [
      () => update(orgId, ownerId, ownerId, { role: 'admin' }),
      () => remove(orgId, ownerId, ownerId),
      () => tenants.as(orgId, ownerId, (sql) => leaveOrganization(sql, orgId, ownerId)),
      () => update(orgId, ownerId, ownerId, { disabled: true }),
    ]
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await read(orgId, ownerId)).toMatchObject({ role: 'owner', disabled: false })
  })

  test('is the last one although a suspended owner is there', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const other = await tenants.join(orgId, 'owner')
    await update(orgId, ownerId, other, { disabled: true })
    await expect(update(orgId, ownerId, ownerId, { role: 'admin' })).rejects.toMatchObject({ code: 'CONFLICT' })
    await update(orgId, ownerId, other, { disabled: false })
    await update(orgId, ownerId, ownerId, { role: 'admin' })
    expect(await ownersOf(orgId, other)).toEqual([other])
  })

  test('is the last one although the other owner has closed their account', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const other = await tenants.join(orgId, 'owner')
    await database.transaction(
      { orgId: null, userId: other, workspaceId: null, system: true },
      (sql) => sql`update users set deleted_at = now() where id = ${other}`,
    )
    await expect(remove(orgId, ownerId, ownerId)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('two owners who demote each other at the same moment leave one', async () => {
    for (let round = 0; round < 5; round++) {
      const { orgId, ownerId } = await tenants.organization()
      const other = await tenants.join(orgId, 'owner')
      const outcomes = await Promise.allSettled([
        update(orgId, ownerId, other, { role: 'viewer' }),
        update(orgId, other, ownerId, { role: 'viewer' }),
      ])
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(await ownersOf(orgId, ownerId)).toHaveLength(1)
    }
  })

  test('owners who all go at the same moment, each in another way, leave one', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const [second, third] = [await tenants.join(orgId, 'owner'), await tenants.join(orgId, 'owner')]
    const outcomes = await Promise.allSettled([
      tenants.as(orgId, ownerId, (sql) => leaveOrganization(sql, orgId, ownerId)),
      remove(orgId, second, second),
      update(orgId, third, third, { role: 'editor' }),
    ])
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(await ownersOf(orgId, newId())).toHaveLength(1)
  })
})

describe('a request that was let in before the caller lost the right', () => {
  test('is refused by what is true now', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const admin = await tenants.join(orgId, 'admin')
    const viewer = await tenants.join(orgId, 'viewer')
    await update(orgId, ownerId, admin, { role: 'editor' })
    await expect(remove(orgId, admin, viewer)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('members:manage'),
    })
    await remove(orgId, ownerId, admin)
    await expect(remove(orgId, admin, viewer)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})

describe('extra permissions', () => {
  const give = (
    orgId: string,
    actorId: string,
    userId: string,
    permissions: Parameters<typeof setMemberPermissions>[2],
  ) => tenants.as(orgId, actorId, (sql) => setMemberPermissions(sql, { orgId, actorId, userId }, permissions))

  test('are exactly those that were given last', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const userId = await tenants.join(orgId, 'viewer')
    await give(orgId, ownerId, userId, ['audit:read', 'usage:read', 'audit:read'])
    expect((await read(orgId, userId)).permissions).toEqual(['audit:read', 'usage:read'])
    await give(orgId, ownerId, userId, ['usage:read', 'keys:manage'])
    expect((await read(orgId, userId)).permissions).toEqual(['keys:manage', 'usage:read'])
    expect((await give(orgId, ownerId, userId, [])).permissions).toEqual([])
  })

  test("can't be given by someone who hasn't got them, nor to oneself", async () => {
    const { orgId, ownerId } = await tenants.organization()
    const clerk = await tenants.join(orgId, 'viewer', ['members:manage'])
    const other = await tenants.join(orgId, 'viewer')
    await expect(give(orgId, clerk, other, ['audit:read'])).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(give(orgId, clerk, clerk, ['audit:read'])).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(give(orgId, ownerId, ownerId, ['audit:read'])).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await give(orgId, ownerId, other, ['audit:read'])
    // What is there already is not given anew.
    const kept = await give(orgId, clerk, other, ['audit:read', 'members:manage'])
    expect(kept.permissions).toEqual(['audit:read', 'members:manage'])
  })

  test('do not come from a role inside a workspace', async () => {
    const { orgId } = await tenants.organization()
    const clerk = await tenants.join(orgId, 'viewer', ['members:manage'])
    const other = await tenants.join(orgId, 'viewer')
    await tenants.as(
      orgId,
      clerk,
      (sql) => sql`
        insert into workspace_members (org_id, workspace_id, user_id, role)
        select org_id, id, ${clerk}, 'owner' from workspaces where org_id = ${orgId}`,
    )
    await expect(give(orgId, clerk, other, ['workspace:manage'])).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})

describe('whoever goes', () => {
  test('takes places and permissions along, so that coming back gives none of them', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const userId = await tenants.join(orgId, 'viewer', ['audit:read'])
    await tenants.as(
      orgId,
      ownerId,
      (sql) => sql`
        insert into workspace_members (org_id, workspace_id, user_id, role)
        select org_id, id, ${userId}, 'admin' from workspaces where org_id = ${orgId}`,
    )
    await remove(orgId, ownerId, userId)
    await tenants.join(orgId, 'viewer', [], userId)
    expect((await read(orgId, userId)).permissions).toEqual([])
    const places = await tenants.as(
      orgId,
      ownerId,
      (sql) => sql`select 1 from workspace_members where user_id = ${userId}`,
    )
    expect(places).toHaveLength(0)
  })

  const invite = (orgId: string, createdBy: string, role: Role) => {
    const id = newId()
    const expiresAt = new Date(Date.now() + 1000_000)
    const draft = { id, orgId, email: `${id}@example.org`, role, workspaceIds: [], expiresAt, createdBy }
    return tenants.as(orgId, createdBy, (sql) =>
      createInvitation(
        sql,
        { ...draft, tokenSha256: id.replaceAll('-', '').repeat(2) },
        { now: new Date(), defaultPlanId: 'enterprise' },
      ),
    )
  }
  const statuses = async (orgId: string, as: string) => {
    const rows = await tenants.as(orgId, as, (sql) =>
      listInvitations(sql, orgId, { size: 50, before: null }, new Date()),
    )
    return Object.fromEntries(rows.map(({ role, status }) => [role, status]))
  }

  test('leaves no open invitation behind', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const admin = await tenants.join(orgId, 'admin')
    await invite(orgId, admin, 'admin')
    await remove(orgId, ownerId, admin)
    expect(await statuses(orgId, ownerId)).toEqual({ admin: 'revoked' })
  })

  test('or rises no more: invitations beyond what they may still give are revoked with the right', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const admin = await tenants.join(orgId, 'admin', ['members:manage'])
    await invite(orgId, admin, 'admin')
    await invite(orgId, admin, 'viewer')
    await update(orgId, ownerId, admin, { role: 'editor' })
    expect(await statuses(orgId, ownerId)).toEqual({ admin: 'revoked', viewer: 'open' })
    await update(orgId, ownerId, admin, { disabled: true })
    expect(await statuses(orgId, ownerId)).toEqual({ admin: 'revoked', viewer: 'revoked' })
  })
})
