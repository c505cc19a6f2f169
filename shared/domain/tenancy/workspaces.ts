import { AppError, notFound } from '../errors.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import { assertMayManageInWorkspace } from './member-rules.ts'
import { lockActor } from './members.ts'
import type { Role, WorkspaceRole } from './permissions.ts'
import { seesEveryWorkspace } from './principal.ts'
import type { Workspace, WorkspaceMember } from './schemas.ts'

/**
 * A workspace of the caller's organization.
 * @param lock keeps others from changing it, and its members, until the transaction ends
 */
export async function readWorkspace(sql: Sql, id: string, lock = false): Promise<Workspace> {
  const [workspace] = await sql<Workspace[]>`
    select id, name, created_at, updated_at from workspaces where id = ${id} and deleting_at is null
    ${lock ? sql`for no key update` : sql``}`
  if (!workspace) throw notFound('Workspace')
  return workspace
}

/** @throws AppError NOT_FOUND, or CONFLICT when the organization has a workspace of this name */
export async function renameWorkspace(sql: Sql, id: string, name: string): Promise<Workspace> {
  const [workspace] = await sql<Workspace[]>`
    update workspaces set name = ${name}, updated_at = now() where id = ${id} and deleting_at is null
    returning id, name, created_at, updated_at`.catch((error) => {
    if (error.constraint_name !== 'workspaces_org_id_name_key') throw error
    throw new AppError('CONFLICT', 'There is a workspace of this name already')
  })
  if (!workspace) throw notFound('Workspace')
  return workspace
}

/**
 * The workspace that is to be deleted, locked, and with it how many the organization has.
 * @param confirmed its name, as the caller wrote it
 * @throws AppError NOT_FOUND, PERMISSION_DENIED, VALIDATION_ERROR when the name is another, CONFLICT for the organization's last workspace
 */
export async function assertMayDelete(
  sql: Sql,
  by: { orgId: string; userId: string },
  id: string,
  confirmed: string,
): Promise<void> {
  const { orgId } = by
  // One deletion at a time, so that two can't each take the other for the one that stays.
  await lockActor(sql, by, 'organization:manage')
  const workspace = await readWorkspace(sql, id, true)
  if (workspace.name !== confirmed) {
    throw new AppError('VALIDATION_ERROR', 'The request is not valid', [
      { field: 'query.confirm', message: 'must be the name of the workspace' },
    ])
  }
  const others = await sql`
    select 1 from workspaces where org_id = ${orgId} and id <> ${id} and deleting_at is null limit 1`
  if (others.length === 0) throw new AppError('CONFLICT', 'An organization needs a workspace: this is the last one')
}

const selectMembers = (sql: Sql) => sql`
  select u.id, u.email, u.display_name, m.role, m.created_at as joined_at
  from workspace_members m join users u on u.id = m.user_id`

/** Who was given a place in a workspace; the organization's owners and admins may enter without one. */
export function listWorkspaceMembers(sql: Sql, workspaceId: string, page: Page): Promise<WorkspaceMember[]> {
  return sql<WorkspaceMember[]>`
    ${selectMembers(sql)}
    where m.workspace_id = ${workspaceId} and m.user_id < ${page.before ?? endOfIds}
    order by m.user_id desc
    limit ${page.size + 1}`
}

/** @throws AppError NOT_FOUND */
export async function readWorkspaceMember(sql: Sql, workspaceId: string, userId: string): Promise<WorkspaceMember> {
  const [member] = await sql<WorkspaceMember[]>`
    ${selectMembers(sql)} where m.workspace_id = ${workspaceId} and m.user_id = ${userId}`
  if (!member) throw notFound('Member')
  return member
}

/** Who changes the place of whom. */
export interface PlaceChangeBy {
  orgId: string
  workspaceId: string
  actorId: string
  userId: string
}

/**
 * Locks the workspace's places and tells as what the caller acts there now.
 * @throws AppError NOT_FOUND, or PERMISSION_DENIED when they have no place there any more
 */
async function lockPlaces(sql: Sql, { orgId, workspaceId, actorId }: PlaceChangeBy): Promise<WorkspaceRole> {
  await readWorkspace(sql, workspaceId, true)
  const [actor] = await sql<{ role: Role; place: WorkspaceRole | null }[]>`
    select m.role, w.role as place
    from memberships m
    left join workspace_members w on w.workspace_id = ${workspaceId} and w.user_id = m.user_id
    where m.org_id = ${orgId} and m.user_id = ${actorId} and m.disabled_at is null`
  if (actor && seesEveryWorkspace(actor)) return 'owner'
  if (actor?.place) return actor.place
  throw new AppError('PERMISSION_DENIED', 'You have no place in this workspace any more')
}

/**
 * Gives a member of the organization a place in a workspace.
 * @throws AppError NOT_FOUND for nobody of the organization, PERMISSION_DENIED by the rules, CONFLICT when they have one
 */
export async function addWorkspaceMember(sql: Sql, by: PlaceChangeBy, role: WorkspaceRole): Promise<WorkspaceMember> {
  assertMayManageInWorkspace(await lockPlaces(sql, by), role)
  const { orgId, workspaceId, userId } = by
  // Locked: a membership that is ending takes its places along.
  const member = await sql`
    select 1 from memberships where org_id = ${orgId} and user_id = ${userId} for key share`
  if (member.length === 0) throw notFound('Member')
  const added = await sql`
    insert into workspace_members (org_id, workspace_id, user_id, role)
    values (${orgId}, ${workspaceId}, ${userId}, ${role})
    on conflict (workspace_id, user_id) do nothing
    returning 1`
  if (added.length === 0) throw new AppError('CONFLICT', 'This member is in the workspace already')
  return readWorkspaceMember(sql, workspaceId, userId)
}

/** @throws AppError NOT_FOUND, PERMISSION_DENIED by the rules */
export async function updateWorkspaceMember(
  sql: Sql,
  by: PlaceChangeBy,
  role: WorkspaceRole,
): Promise<WorkspaceMember> {
  const actor = await lockPlaces(sql, by)
  const before = await readWorkspaceMember(sql, by.workspaceId, by.userId)
  assertMayManageInWorkspace(actor, before.role, role)
  await sql`
    update workspace_members set role = ${role} where workspace_id = ${by.workspaceId} and user_id = ${by.userId}`
  return { ...before, role }
}

/** Takes a place back; the last owner may go too, as the organization's owners can always enter. */
export async function removeWorkspaceMember(sql: Sql, by: PlaceChangeBy): Promise<void> {
  const actor = await lockPlaces(sql, by)
  const before = await readWorkspaceMember(sql, by.workspaceId, by.userId)
  assertMayManageInWorkspace(actor, before.role)
  await sql`delete from workspace_members where workspace_id = ${by.workspaceId} and user_id = ${by.userId}`
}
