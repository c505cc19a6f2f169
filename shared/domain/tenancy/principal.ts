import { limitOf, unlimited } from '../billing/entitlements/limit.ts'
import { AppError, notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Sql } from '../sql.ts'
import type { Permission, Role, WorkspaceRole } from './permissions.ts'

/** A person's place in one organization. */
export interface Membership {
  orgId: string
  role: Role
  /** Given beyond what the role allows. */
  extra: Permission[]
  /** Suspended by the organization. */
  disabled: boolean
  /** The organization is being deleted. */
  deleting: boolean
  /** Those that the person may enter, the oldest first; the role is null where only the organization role lets them in. */
  workspaces: { id: string; role: WorkspaceRole | null }[]
  /** By the organization's plan; null: as many as the installation allows. */
  requestsPerMinute: number | null
}

/** A user with everything that decides what they may enter. */
export interface Identity {
  userId: string
  email: string
  disabled: boolean
  deleted: boolean
  operator: boolean
  /** In the order they were joined. */
  memberships: Membership[]
}

/**
 * Loads a user by the subject of their token, makes the user on first sight, and follows a change of
 * their address. Runs in the runtime's own scope.
 * @param claims verified claims of the access token
 * @param defaultPlanId whose limits hold for organizations that pay nothing
 */
export async function loadIdentity(
  sql: Sql,
  claims: { sub: string; email: string },
  defaultPlanId: string,
): Promise<Identity> {
  const found = await selectIdentity(sql, claims.sub, defaultPlanId)
  if (found && (found.email === claims.email || claims.email === '')) return found
  if (found) {
    // Of the deleted nothing is written down again.
    await sql`update users set email = ${claims.email}, updated_at = now()
      where id = ${found.userId} and deleted_at is null`
    return { ...found, email: claims.email }
  }
  await sql`
    insert into users (id, auth_sub, email) values (${newId()}, ${claims.sub}, ${claims.email})
    on conflict (auth_sub) do nothing`
  const made = await selectIdentity(sql, claims.sub, defaultPlanId)
  if (!made) throw new AppError('INTERNAL', 'The user could not be made')
  return made
}

async function selectIdentity(sql: Sql, sub: string, defaultPlanId: string): Promise<Identity | null> {
  const asked = { orgId: sql`m.org_id`, at: sql`now()`, defaultPlanId }
  const [row] = await sql<Identity[]>`
    select u.id as "userId", u.email, u.disabled_at is not null as disabled, u.deleted_at is not null as deleted,
      u.operator_since is not null as operator, coalesce((
        select jsonb_agg(jsonb_build_object(
          'orgId', m.org_id, 'role', m.role, 'disabled', m.disabled_at is not null, 'deleting', o.deleting_at is not null,
          'requestsPerMinute', nullif(${limitOf(sql, asked, 'requests_per_minute')}, ${unlimited}::bigint),
          'extra', coalesce((
            select jsonb_agg(p.permission) from user_permissions p where p.org_id = m.org_id and p.user_id = u.id
          ), '[]'),
          'workspaces', coalesce((
            select jsonb_agg(jsonb_build_object('id', w.id, 'role', wm.role) order by w.created_at, w.id)
            from workspaces w
            left join workspace_members wm on wm.workspace_id = w.id and wm.user_id = u.id
            where w.org_id = m.org_id and w.deleting_at is null
              and (m.role in ('owner', 'admin') or wm.user_id is not null)
          ), '[]')) order by m.created_at, m.org_id)
        from memberships m join organizations o on o.id = m.org_id
        where m.user_id = u.id
      ), '[]') as memberships
    from users u where u.auth_sub = ${sub}`
  return row ?? null
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
): { membership: Membership; workspace: Membership['workspaces'][number] | null } {
  const candidates = identity.memberships.filter(
    (m) =>
      (wanted.orgId === null || m.orgId === wanted.orgId) &&
      // A workspace alone names its organization too.
      (wanted.orgId !== null ||
        wanted.workspaceId === null ||
        m.workspaces.some(({ id }) => id === wanted.workspaceId)),
  )
  // One that is being deleted is entered only by those who name it, or have no other.
  const membership = candidates.find(({ deleting }) => !deleting) ?? candidates[0]
  if (!membership) {
    if (wanted.orgId !== null) throw notFound('Organization')
    if (wanted.workspaceId !== null) throw notFound('Workspace')
    throw new AppError('PERMISSION_DENIED', 'You are not a member of any organization yet; create one first')
  }
  if (wanted.workspaceId === null) return { membership, workspace: membership.workspaces[0] ?? null }
  const workspace = membership.workspaces.find(({ id }) => id === wanted.workspaceId)
  if (!workspace) throw notFound('Workspace')
  return { membership, workspace }
}

/** Whether someone may enter every workspace of the organization: owners, admins, and keys made for no single one. */
export function seesEveryWorkspace(caller: { role: Role } | { role: null; boundWorkspaceId: string | null }): boolean {
  return caller.role === null ? caller.boundWorkspaceId === null : caller.role === 'owner' || caller.role === 'admin'
}

/**
 * The workspace that something new shall belong to.
 * @throws AppError PERMISSION_DENIED when the caller has none
 */
export function workspaceOf(principal: { workspaceId: string | null }): string {
  if (principal.workspaceId !== null) return principal.workspaceId
  throw new AppError('PERMISSION_DENIED', 'You are not in any workspace of this organization')
}
