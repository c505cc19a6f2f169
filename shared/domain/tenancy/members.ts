import { AppError, notFound } from '../errors.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import { type Actor, assertMayGive, assertMayManage, mayInvite } from './member-rules.ts'
import { type Permission, permissionsOf, type Role } from './permissions.ts'
import type { Member } from './schemas.ts'

const extraPermissionsOf = (sql: Sql) => sql`
  coalesce((
    select jsonb_agg(p.permission order by p.permission) from user_permissions p
    where p.org_id = m.org_id and p.user_id = m.user_id
  ), '[]')`

const selectMembers = (sql: Sql) => sql`
  select u.id, u.email, u.display_name, m.role, m.disabled_at is not null as disabled,
    ${extraPermissionsOf(sql)} as permissions, m.created_at as joined_at
  from memberships m join users u on u.id = m.user_id`

/** The members of an organization, those with the newest accounts first. */
export function listMembers(sql: Sql, orgId: string, page: Page): Promise<Member[]> {
  return sql<Member[]>`
    ${selectMembers(sql)}
    where m.org_id = ${orgId} and m.user_id < ${page.before ?? endOfIds}
    order by m.user_id desc
    limit ${page.size + 1}`
}

/** @throws AppError NOT_FOUND */
export async function readMember(sql: Sql, orgId: string, userId: string): Promise<Member> {
  const [member] = await sql<Member[]>`${selectMembers(sql)} where m.org_id = ${orgId} and m.user_id = ${userId}`
  if (!member) throw notFound('Member')
  return member
}

/**
 * Lets one transaction at a time decide who belongs to the organization and as what: whoever comes second sees what the
 * first one left.
 */
export async function lockMemberships(sql: Sql, orgId: string): Promise<void> {
  await sql`select 1 from organizations where id = ${orgId} for no key update`
}

/** A member whom nobody else changes until the transaction ends. @throws AppError NOT_FOUND */
export async function lockMember(sql: Sql, orgId: string, userId: string): Promise<Member> {
  await lockMemberships(sql, orgId)
  return readMember(sql, orgId, userId)
}

/**
 * The caller as they are now, and as they stay until the transaction ends: what the request was let in by may be seconds
 * old. For whatever can't be undone, or outlasts those seconds.
 * @param needed what they must still be allowed
 * @throws AppError PERMISSION_DENIED when they are not
 */
export async function lockActor(
  sql: Sql,
  { orgId, userId }: { orgId: string; userId: string },
  needed: Permission,
): Promise<Actor> {
  await lockMemberships(sql, orgId)
  const [row] = await sql<{ role: Role; extra: Permission[] }[]>`
    select m.role, ${extraPermissionsOf(sql)} as extra
    from memberships m
    where m.org_id = ${orgId} and m.user_id = ${userId} and m.disabled_at is null`
  if (!row) throw new AppError('PERMISSION_DENIED', 'You are not a member of this organization any more')
  const permissions = permissionsOf(row.role, row.extra, null)
  if (!permissions.has(needed)) {
    throw new AppError('PERMISSION_DENIED', `Your role "${row.role}" lacks the permission ${needed}`)
  }
  return { userId, role: row.role, permissions }
}

/** Who changes whom. */
export interface MemberChangeBy {
  orgId: string
  actorId: string
  userId: string
}

/**
 * Changes a member's role, or suspends them or lets them in again.
 * @throws AppError NOT_FOUND, PERMISSION_DENIED by the rules, CONFLICT when no owner would be left
 */
export async function updateMember(
  sql: Sql,
  { orgId, actorId, userId }: MemberChangeBy,
  change: { role?: Role | undefined; disabled?: boolean | undefined },
): Promise<{ before: Member; member: Member }> {
  const actor = await lockActor(sql, { orgId, userId: actorId }, 'members:manage')
  const before = await readMember(sql, orgId, userId)
  const { role = before.role, disabled = before.disabled } = change
  assertMayManage(actor, before.role, role)
  if (disabled && userId === actorId) throw new AppError('CONFLICT', "You can't suspend yourself; leave instead")
  await sql`
    update memberships
    set role = ${role}, disabled_at = case when ${disabled} then coalesce(disabled_at, now()) end
    where org_id = ${orgId} and user_id = ${userId}`
  if (before.role === 'owner') await assertOwnerRemains(sql, orgId)
  const member = await readMember(sql, orgId, userId)
  await revokeWhatIsBeyond(sql, member)
  return { before, member }
}

/**
 * Gives a member exactly these permissions beyond their role.
 * @throws AppError NOT_FOUND; PERMISSION_DENIED by the rules, for oneself, and for what the caller hasn't got
 */
export async function setMemberPermissions(
  sql: Sql,
  { orgId, actorId, userId }: MemberChangeBy,
  permissions: readonly Permission[],
): Promise<Member> {
  const actor = await lockActor(sql, { orgId, userId: actorId }, 'members:manage')
  const before = await readMember(sql, orgId, userId)
  assertMayManage(actor, before.role)
  if (userId === actorId) throw new AppError('PERMISSION_DENIED', "You can't change your own permissions")
  assertMayGive(
    actor,
    permissions.filter((permission) => !before.permissions.includes(permission)),
  )
  await sql`
    delete from user_permissions
    where org_id = ${orgId} and user_id = ${userId}
      and permission not in (select jsonb_array_elements_text(${sql.json([...permissions])}))`
  await sql`
    insert into user_permissions (org_id, user_id, permission, granted_by)
    select distinct ${orgId}::uuid, ${userId}::uuid, permission, ${actorId}::uuid
    from jsonb_array_elements_text(${sql.json([...permissions])}) as permission
    on conflict (org_id, user_id, permission) do nothing`
  const member = await readMember(sql, orgId, userId)
  await revokeWhatIsBeyond(sql, member)
  return member
}

/** Removes a member. @throws AppError NOT_FOUND, PERMISSION_DENIED by the rules, CONFLICT when no owner would be left */
export async function removeMember(sql: Sql, { orgId, actorId, userId }: MemberChangeBy): Promise<Member> {
  const actor = await lockActor(sql, { orgId, userId: actorId }, 'members:manage')
  const member = await readMember(sql, orgId, userId)
  assertMayManage(actor, member.role)
  await endMembership(sql, orgId, userId)
  if (member.role === 'owner') await assertOwnerRemains(sql, orgId)
  return member
}

/** Whether someone belongs to an organization, asked from outside of it. @throws AppError NOT_FOUND when they don't */
export async function assertBelongs(sql: Sql, orgId: string, userId: string): Promise<void> {
  const rows = await sql`select 1 from memberships where org_id = ${orgId} and user_id = ${userId}`
  if (rows.length === 0) throw notFound('Organization')
}

/**
 * Lets a member go of their own will, whatever they may do there. The transaction must have entered the organization.
 * @throws AppError NOT_FOUND, or CONFLICT for the last owner
 */
export async function leaveOrganization(sql: Sql, orgId: string, userId: string): Promise<void> {
  await lockMemberships(sql, orgId)
  const member = await readMember(sql, orgId, userId)
  await endMembership(sql, orgId, userId)
  if (member.role === 'owner') await assertOwnerRemains(sql, orgId)
}

/** Ends a membership with all that hangs on it; what the person made stays the organization's. */
export async function endMembership(sql: Sql, orgId: string, userId: string): Promise<void> {
  // First, so that nobody gives a place in a workspace to someone who is about to go.
  await sql`delete from memberships where org_id = ${orgId} and user_id = ${userId}`
  await sql`delete from workspace_members where org_id = ${orgId} and user_id = ${userId}`
  await sql`delete from notifications where org_id = ${orgId} and user_id = ${userId}`
  await revokeInvitationsBy(sql, userId, [])
}

/** Whether someone is left who may do everything. Suspended owners and accounts that were closed are none. */
export async function hasOwner(sql: Sql, orgId: string): Promise<boolean> {
  const rows = await sql`
    select 1 from memberships m join users u on u.id = m.user_id
    where m.org_id = ${orgId} and m.role = 'owner' and m.disabled_at is null
      and u.disabled_at is null and u.deleted_at is null
    limit 1`
  return rows.length > 0
}

async function assertOwnerRemains(sql: Sql, orgId: string): Promise<void> {
  if (await hasOwner(sql, orgId)) return
  throw new AppError('CONFLICT', 'An organization needs an owner: make someone else an owner first, or delete it')
}

/** What somebody invited others to when they still could must not outlive that. */
async function revokeWhatIsBeyond(sql: Sql, member: Member): Promise<void> {
  const permissions = permissionsOf(member.role, member.permissions, null)
  await revokeInvitationsBy(sql, member.id, member.disabled ? [] : mayInvite({ role: member.role, permissions }))
}

async function revokeInvitationsBy(sql: Sql, userId: string, exceptFor: readonly Role[]): Promise<void> {
  await sql`
    update invitations set revoked_at = now()
    where created_by = ${userId} and accepted_at is null and revoked_at is null
      and role not in (select jsonb_array_elements_text(${sql.json([...exceptFor])}))`
}
