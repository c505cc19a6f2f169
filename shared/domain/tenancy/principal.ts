import { AppError, notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Sql } from '../sql.ts'
import type { Role } from './permissions.ts'

/** A user with everything that decides what they may enter. */
export interface Identity {
  userId: string
  email: string
  disabled: boolean
  /** In the order they were joined. */
  memberships: { orgId: string; role: Role; workspaceIds: string[] }[]
}

/**
 * Loads a user by the subject of their token, makes the user on first sight, and follows a change of
 * their address. Runs in the runtime's own scope.
 * @param claims verified claims of the access token
 */
export async function loadIdentity(sql: Sql, claims: { sub: string; email: string }): Promise<Identity> {
  const found = await selectIdentity(sql, claims.sub)
  if (found && (found.email === claims.email || claims.email === '')) return found
  if (found) {
    await sql`update users set email = ${claims.email}, updated_at = now() where id = ${found.userId}`
    return { ...found, email: claims.email }
  }
  await sql`
    insert into users (id, auth_sub, email) values (${newId()}, ${claims.sub}, ${claims.email})
    on conflict (auth_sub) do nothing`
  const made = await selectIdentity(sql, claims.sub)
  if (!made) throw new AppError('INTERNAL', 'The user could not be made')
  return made
}

async function selectIdentity(sql: Sql, sub: string): Promise<Identity | null> {
  const [row] = await sql<
    {
      id: string
      email: string
      disabled: boolean
      memberships: { org_id: string; role: Role; workspace_ids: string[] }[]
    }[]
  >`
    select u.id, u.email, u.disabled_at is not null as disabled, coalesce((
      select jsonb_agg(jsonb_build_object('org_id', m.org_id, 'role', m.role, 'workspace_ids', coalesce((
        select jsonb_agg(w.id order by w.created_at, w.id)
        from workspaces w
        where w.org_id = m.org_id and (
          m.role in ('owner', 'admin')
          or exists (select from workspace_members wm where wm.workspace_id = w.id and wm.user_id = u.id))
      ), '[]')) order by m.created_at, m.org_id)
      from memberships m where m.user_id = u.id
    ), '[]') as memberships
    from users u where u.auth_sub = ${sub}`
  if (!row) return null
  return {
    userId: row.id,
    email: row.email,
    disabled: row.disabled,
    memberships: row.memberships.map((m) => ({ orgId: m.org_id, role: m.role, workspaceIds: m.workspace_ids })),
  }
}

/** Where a request wants to work; each null when it doesn't say. */
export interface Wanted {
  orgId: string | null
  workspaceId: string | null
}

/**
 * Decides the organization and workspace of a request: those it names, else the caller's first.
 * @throws AppError NOT_FOUND when the caller isn't in what they name, PERMISSION_DENIED when they are in no organization
 */
export function enterOrganization(
  identity: Identity,
  wanted: Wanted,
): { orgId: string; workspaceId: string | null; role: Role } {
  const membership = identity.memberships.find(
    (m) =>
      (wanted.orgId === null || m.orgId === wanted.orgId) &&
      // A workspace alone names its organization too.
      (wanted.orgId !== null || wanted.workspaceId === null || m.workspaceIds.includes(wanted.workspaceId)),
  )
  if (!membership) {
    if (wanted.orgId !== null) throw notFound('Organization')
    if (wanted.workspaceId !== null) throw notFound('Workspace')
    throw new AppError('PERMISSION_DENIED', 'You are not a member of any organization yet; create one first')
  }
  if (wanted.workspaceId !== null && !membership.workspaceIds.includes(wanted.workspaceId)) throw notFound('Workspace')
  return {
    orgId: membership.orgId,
    role: membership.role,
    workspaceId: wanted.workspaceId ?? membership.workspaceIds[0] ?? null,
  }
}

/**
 * The workspace that something new shall belong to.
 * @throws AppError PERMISSION_DENIED when the caller has none
 */
export function workspaceOf(principal: { workspaceId: string | null }): string {
  if (principal.workspaceId !== null) return principal.workspaceId
  throw new AppError('PERMISSION_DENIED', 'You are not in any workspace of this organization')
}
