import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createTenants, unheard } from '../../../tests/setup/tenancy.ts'
import type { Database } from '../../platform/database/index.ts'
import { createSealer } from '../../platform/seal.ts'
import { newId } from '../ids.ts'
import type { Sql } from '../sql.ts'
import { invitationPurpose, newInvitationToken, openInvitationToken } from './invitation-tokens.ts'
import { acceptInvitation, createInvitation, previewInvitation, revokeInvitation } from './invitations.ts'
import { createWorkspace } from './organizations.ts'
import type { Role } from './permissions.ts'
import { addWorkspaceMember, removeWorkspaceMember } from './workspaces.ts'

const sealer = createSealer('a secret of at least 32 characters', invitationPurpose)
const start = new Date('2026-03-01T00:00:00Z')
const later = new Date('2026-03-09T00:00:00Z')

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

async function invite(orgId: string, createdBy: string, email: string, options: Partial<Options> = {}) {
  const { role = 'editor', workspaceIds = [], now = start } = options
  const id = newId()
  const expiresAt = new Date(now.getTime() + 7 * 86_400_000)
  const { token, sha256 } = newInvitationToken(sealer, { orgId, id }, expiresAt)
  const draft = { id, orgId, email, role, workspaceIds, tokenSha256: sha256, expiresAt, createdBy }
  const invitation = await tenants.as(orgId, createdBy, (sql) =>
    createInvitation(sql, draft, { now, defaultPlanId: 'enterprise' }),
  )
  return { invitation, token }
}
interface Options {
  role: Role
  workspaceIds: string[]
  now: Date
}

const accept = (token: string, person: { userId: string; email: string }, now = start) =>
  tenants.outside(person.userId, async (sql, enter) => {
    const opened = openInvitationToken(sealer, token, now)
    if (!opened) throw Object.assign(new Error('not valid'), { code: 'NOT_FOUND' })
    await enter(opened.orgId)
    return acceptInvitation(sql, opened, person, { now, defaultPlanId: 'enterprise' })
  })

const revoke = (orgId: string, actorId: string, id: string) =>
  tenants.as(orgId, actorId, (sql) => revokeInvitation(sql, { orgId, actorId, id }))

async function newcomer(email = `${newId()}@example.org`) {
  return { userId: await tenants.person(email), email }
}

describe('a token', () => {
  const ids = { orgId: newId(), id: newId() }
  const { token, sha256 } = newInvitationToken(sealer, ids, later)

  test('names its organization and invitation until it expires', () => {
    expect(openInvitationToken(sealer, token, start)).toEqual({ orgId: ids.orgId, invitationId: ids.id, sha256 })
    expect(openInvitationToken(sealer, token, later)).toBeNull()
  })

  test('is no good when it was changed, is of another purpose or secret, or is none', () => {
    for (let at = 0; at < token.length; at += 7) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
      expect(openInvitationToken(sealer, changed, start), String(at)).toBeNull()
    }
    const others = [
      createSealer('a secret of at least 32 characters', 'something else'),
      createSealer('another secret of 32 characters or so', invitationPurpose),
    ]
    for (const other of others) expect(openInvitationToken(other, token, start)).toBeNull()
    for (const text of ['', 'rfi_', token.slice(4), `${token}=`, `${token} `, 'x'.repeat(500)]) {
      expect(openInvitationToken(sealer, text, start), text.slice(0, 20)).toBeNull()
    }
  })

  test('is another one each time', () => {
    expect(newInvitationToken(sealer, ids, later).token).not.toBe(token)
  })
})

describe('accepting', () => {
  test('makes a member with the role and the workspaces, whatever the case of the address', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const [workspace] = await tenants.as(
      orgId,
      ownerId,
      (sql) => sql<{ id: string }[]>`select id from workspaces where org_id = ${orgId}`,
    )
    const person = await newcomer(`Ada.${newId()}@Example.org`)
    const { token } = await invite(orgId, ownerId, person.email.toLowerCase(), { workspaceIds: [workspace!.id] })
    expect(await accept(token, person)).toMatchObject({ id: orgId, role: 'editor' })
    const [row] = await tenants.as(
      orgId,
      ownerId,
      (sql) => sql`
        select m.role, w.role as place from memberships m
        join workspace_members w on w.user_id = m.user_id and w.workspace_id = ${workspace!.id}
        where m.user_id = ${person.userId}`,
    )
    expect(row).toEqual({ role: 'editor', place: 'member' })
  })

  test('at the same moment, many times over, makes one membership', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const person = await newcomer()
    const { token } = await invite(orgId, ownerId, person.email)
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => accept(token, person)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  test('waits for one who is accepting, and then finds it used', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const person = await newcomer()
    const { token } = await invite(orgId, ownerId, person.email)
    const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const first = tenants.outside(person.userId, async (sql, enter) => {
      await enter(orgId)
      await acceptInvitation(sql, openInvitationToken(sealer, token, start)!, person, {
        now: start,
        defaultPlanId: 'enterprise',
      })
      reached.resolve()
      await gate.promise
    })
    await reached.promise
    const second = accept(token, person)
    gate.resolve()
    await first
    await expect(second).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('used, revoked and expired tokens, and those of a closed organization, are all alike', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const [used, revoked, expired, closed] = [
      await newcomer(),
      await newcomer(),
      await newcomer(),
      await newcomer(),
    ] as const
    const tokens = new Map<{ userId: string; email: string }, string>()
    for (const person of [used, revoked, expired]) {
      const { token, invitation } = await invite(orgId, ownerId, person.email)
      tokens.set(person, token)
      if (person === used) await accept(token, person)
      if (person === revoked) await revoke(orgId, ownerId, invitation.id)
    }
    const other = await tenants.organization()
    tokens.set(closed, (await invite(other.orgId, other.ownerId, closed.email)).token)
    await tenants.as(
      other.orgId,
      other.ownerId,
      (sql) => sql`update organizations set deleting_at = now() where id = ${other.orgId}`,
    )
    for (const [person, token] of tokens) {
      const now = person === expired ? later : start
      await expect(accept(token, person, now)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  test('lets nobody into a workspace that the inviter has lost meanwhile', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const asOwner = <Result>(work: (sql: Sql) => Promise<Result>) => tenants.as(orgId, ownerId, work)
    const lost = await asOwner((sql) => createWorkspace({ sql, publish: unheard }, { orgId, name: 'Lost', ownerId }))
    const kept = await asOwner((sql) => createWorkspace({ sql, publish: unheard }, { orgId, name: 'Kept', ownerId }))
    const clerk = await tenants.join(orgId, 'editor', ['members:manage'])
    const [person, workspaceIds] = [await newcomer(), [lost.id, kept.id]]
    for (const workspaceId of workspaceIds) {
      const by = { orgId, workspaceId, actorId: ownerId, userId: clerk }
      await asOwner((sql) => addWorkspaceMember(sql, by, 'member'))
    }
    const { token } = await invite(orgId, clerk, person.email, { role: 'viewer', workspaceIds })
    const by = { orgId, workspaceId: lost.id, actorId: ownerId, userId: clerk }
    await asOwner((sql) => removeWorkspaceMember(sql, by))
    expect(await accept(token, person)).toMatchObject({ role: 'viewer' })
    const places = await asOwner(
      (sql) => sql`select workspace_id from workspace_members where user_id = ${person.userId}`,
    )
    expect(places).toEqual([{ workspace_id: kept.id }])
  })

  test('takes the invited address', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const { token } = await invite(orgId, ownerId, `${newId()}@example.org`)
    await expect(accept(token, await newcomer())).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test('leaves the role of a member as it is', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const person = await newcomer()
    const { token } = await invite(orgId, ownerId, person.email, { role: 'owner' })
    await tenants.join(orgId, 'viewer', [], person.userId)
    await expect(accept(token, person)).rejects.toMatchObject({ code: 'CONFLICT' })
    const [row] = await tenants.as(
      orgId,
      ownerId,
      (sql) => sql`select role from memberships where user_id = ${person.userId}`,
    )
    expect(row?.role).toBe('viewer')
  })
})

describe('inviting', () => {
  test('can give no role above the own, and let nobody into workspaces that one may not enter', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const admin = await tenants.join(orgId, 'admin')
    const clerk = await tenants.join(orgId, 'editor', ['members:manage'])
    const editor = await tenants.join(orgId, 'editor')
    const [workspace] = await tenants.as(
      orgId,
      ownerId,
      (sql) => sql<{ id: string }[]>`select id from workspaces where org_id = ${orgId}`,
    )
    const somebody = () => `${newId()}@example.org`
    const denied = { code: 'PERMISSION_DENIED' }
    await expect(invite(orgId, admin, somebody(), { role: 'owner' })).rejects.toMatchObject(denied)
    await expect(invite(orgId, clerk, somebody(), { role: 'admin' })).rejects.toMatchObject(denied)
    await expect(invite(orgId, editor, somebody(), { role: 'viewer' })).rejects.toMatchObject(denied)
    const workspaceIds = [workspace!.id]
    await expect(invite(orgId, clerk, somebody(), { workspaceIds })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await invite(orgId, admin, somebody(), { role: 'admin', workspaceIds })
    const foreign = await tenants.organization()
    const [theirs] = await tenants.as(
      foreign.orgId,
      foreign.ownerId,
      (sql) => sql<{ id: string }[]>`select id from workspaces where org_id = ${foreign.orgId}`,
    )
    await expect(invite(orgId, ownerId, somebody(), { workspaceIds: [theirs!.id] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test('the same address twice is a conflict until the first one is revoked or has expired', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const email = `${newId()}@example.org`
    const first = await invite(orgId, ownerId, email)
    await expect(invite(orgId, ownerId, email.toUpperCase())).rejects.toMatchObject({ code: 'CONFLICT' })
    await revoke(orgId, ownerId, first.invitation.id)
    await invite(orgId, ownerId, email)
    await invite(orgId, ownerId, email, { now: later })
    const other = await tenants.organization()
    await invite(other.orgId, other.ownerId, email)
  })

  test('at the same moment to the same address makes one invitation', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const email = `${newId()}@example.org`
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => invite(orgId, ownerId, email)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('a member is a conflict', async () => {
    const { orgId, ownerId } = await tenants.organization()
    const person = await newcomer()
    await tenants.join(orgId, 'viewer', [], person.userId)
    await expect(invite(orgId, ownerId, person.email.toUpperCase())).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

test('revoking is for who could have invited to that role, as they are now', async () => {
  const { orgId, ownerId } = await tenants.organization()
  const admin = await tenants.join(orgId, 'admin')
  const { invitation, token } = await invite(orgId, ownerId, `${newId()}@example.org`, { role: 'owner' })
  await expect(revoke(orgId, admin, invitation.id)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  const opened = openInvitationToken(sealer, token, start)!
  expect(await tenants.as(orgId, ownerId, (sql) => previewInvitation(sql, opened, start))).toMatchObject({
    role: 'owner',
  })
  await revoke(orgId, ownerId, invitation.id)
  await revoke(orgId, ownerId, invitation.id)
  const former = await invite(orgId, admin, `${newId()}@example.org`)
  await tenants.as(orgId, ownerId, (sql) => sql`update memberships set role = 'editor' where user_id = ${admin}`)
  await expect(revoke(orgId, admin, former.invitation.id)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  await expect(revoke(orgId, ownerId, newId())).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a preview tells what it is to and changes nothing', async () => {
  const { orgId, ownerId } = await tenants.organization('Blue team')
  const { token, invitation } = await invite(orgId, ownerId, `${newId()}@example.org`)
  const opened = openInvitationToken(sealer, token, start)!
  const look = () =>
    tenants.outside(ownerId, async (sql, enter) => {
      await enter(orgId)
      return previewInvitation(sql, opened, start)
    })
  expect(await look()).toEqual({ organization_name: 'Blue team', role: 'editor', expires_at: invitation.expires_at })
  expect(await look()).toMatchObject({ role: 'editor' })
})
