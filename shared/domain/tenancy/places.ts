import { notFound } from '../errors.ts'
import type { Sql } from '../sql.ts'
import { type Permission, permissionNames, permissionsOf, type Role, type WorkspaceRole } from './permissions.ts'
import type { Place } from './profile.ts'

/** Makes the rest of the transaction work inside an organization; here only ones that the person belongs to. */
export type Enter = (orgId: string) => Promise<void>

export interface Belonging {
  organization_id: string
  organization_name: string
  role: Role
  disabled: boolean
}

/** The organizations of a person, in the order of their ids, asked from outside of all of them. */
export function listBelongings(sql: Sql, userId: string): Promise<Belonging[]> {
  return sql<Belonging[]>`
    select o.id as organization_id, o.name as organization_name, m.role, m.disabled_at is not null as disabled
    from memberships m join organizations o on o.id = m.org_id
    where m.user_id = ${userId}
    order by o.id`
}

/**
 * What a person may do in each of their organizations and workspaces.
 * @param only the one organization that is asked for
 * @throws AppError NOT_FOUND when they don't belong to it
 */
export async function listPlaces(sql: Sql, enter: Enter, userId: string, only: string | undefined): Promise<Place[]> {
  const belongings = await listBelongings(sql, userId)
  const wanted = only === undefined ? belongings : belongings.filter((one) => one.organization_id === only)
  if (only !== undefined && wanted.length === 0) throw notFound('Organization')
  const places: Place[] = []
  for (const belonging of wanted) {
    await enter(belonging.organization_id)
    places.push(await readPlace(sql, userId, belonging))
  }
  return places
}

async function readPlace(sql: Sql, userId: string, belonging: Belonging): Promise<Place> {
  const { organization_id: orgId, role, disabled } = belonging
  const given = await sql<{ permission: Permission }[]>`
    select permission from user_permissions where org_id = ${orgId} and user_id = ${userId}`
  const workspaces = await sql<{ id: string; name: string; role: WorkspaceRole | null }[]>`
    select w.id, w.name, m.role
    from workspaces w left join workspace_members m on m.workspace_id = w.id and m.user_id = ${userId}
    where w.org_id = ${orgId} and w.deleting_at is null
      and (${role} in ('owner', 'admin') or m.user_id is not null)
    order by w.created_at, w.id`
  const extra = given.map(({ permission }) => permission)
  const allowed = (workspaceRole: WorkspaceRole | null) =>
    disabled ? [] : inOrder(permissionsOf(role, extra, workspaceRole))
  return {
    ...belonging,
    permissions: allowed(null),
    workspaces: workspaces.map((workspace) => ({ ...workspace, permissions: allowed(workspace.role) })),
  }
}

function inOrder(permissions: ReadonlySet<Permission>): Permission[] {
  return permissionNames.filter((name) => permissions.has(name))
}
