import * as v from 'valibot'
import { AppError, notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Publish } from '../messaging.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Json, Sql } from '../sql.ts'
import { workspaceCreated } from './messages.ts'
import type { Role } from './permissions.ts'
import { seesEveryWorkspace } from './principal.ts'
import {
  type Organization,
  type OrganizationChange,
  type OrganizationDetail,
  OrganizationSettings,
  type Workspace,
} from './schemas.ts'
import { holdUser } from './users.ts'

/** What it takes to make a workspace and to say so. */
export interface CreationContext {
  sql: Sql
  publish: Publish
}

const columns = (sql: Sql) => sql`
  o.id, o.name, case when o.deleting_at is null then 'active' else 'deleting' end as status, o.created_at, o.updated_at`

/**
 * Makes an organization with its first workspace, owned by the user. The transaction must have entered `id`.
 * @param id id of the organization to be
 */
export async function createOrganization(
  context: CreationContext,
  draft: { id: string; name: string; ownerId: string },
): Promise<Organization> {
  const { sql } = context
  await holdUser(sql, draft.ownerId)
  const [organization] = await sql<Omit<Organization, 'role'>[]>`
    insert into organizations as o (id, name) values (${draft.id}, ${draft.name}) returning ${columns(sql)}`
  await sql`insert into memberships (org_id, user_id, role) values (${draft.id}, ${draft.ownerId}, 'owner')`
  await createWorkspace(context, { orgId: draft.id, name: 'General', ownerId: draft.ownerId })
  return { ...organization!, role: 'owner' }
}

/** The organizations that a user belongs to. */
export function listOrganizations(sql: Sql, userId: string, page: Page): Promise<Organization[]> {
  return sql<Organization[]>`
    select ${columns(sql)}, m.role
    from memberships m join organizations o on o.id = m.org_id
    where m.user_id = ${userId} and o.id < ${page.before ?? endOfIds}
    order by o.id desc
    limit ${page.size + 1}`
}

/**
 * An organization as one of its members sees it.
 * @param lock keeps others from changing it until the transaction ends
 */
export async function readOrganization(
  sql: Sql,
  id: string,
  userId: string,
  lock = false,
): Promise<OrganizationDetail> {
  const [row] = await sql<(Omit<OrganizationDetail, 'settings'> & { settings: unknown })[]>`
    select ${columns(sql)}, m.role, o.settings
    from organizations o join memberships m on m.org_id = o.id and m.user_id = ${userId}
    where o.id = ${id}
    ${lock ? sql`for no key update of o` : sql``}`
  if (!row) throw notFound('Organization')
  return { ...row, settings: v.parse(OrganizationSettings, row.settings) }
}

/** Changes what is named and leaves the rest. */
export async function updateOrganization(
  sql: Sql,
  id: string,
  userId: string,
  change: OrganizationChange,
): Promise<OrganizationDetail> {
  const before = await readOrganization(sql, id, userId, true)
  const settings = { ...before.settings, ...change.settings }
  await sql`
    update organizations
    set name = ${change.name ?? before.name}, settings = ${sql.json(settings as unknown as Json)}, updated_at = now()
    where id = ${id}`
  return readOrganization(sql, id, userId)
}

/**
 * Makes a workspace and tells that it is there.
 * @throws AppError CONFLICT when the organization has a workspace of this name
 */
export async function createWorkspace(
  { sql, publish }: CreationContext,
  draft: { orgId: string; name: string; ownerId: string },
): Promise<Workspace> {
  const id = newId()
  const [workspace] = await sql<Workspace[]>`
    insert into workspaces (id, org_id, name) values (${id}, ${draft.orgId}, ${draft.name})
    on conflict (org_id, name) do nothing
    returning id, name, created_at, updated_at`
  if (!workspace) throw new AppError('CONFLICT', 'There is a workspace of this name already')
  await sql`
    insert into workspace_members (org_id, workspace_id, user_id, role)
    values (${draft.orgId}, ${id}, ${draft.ownerId}, 'owner')`
  await publish(workspaceCreated, { workspace_id: id }, { workspaceId: id })
  return workspace
}

/** The workspaces that a person or program may enter. */
export function listWorkspaces(
  sql: Sql,
  caller: { userId: string; role: Role } | { userId: null; role: null; boundWorkspaceId: string | null },
  page: Page,
): Promise<Workspace[]> {
  const bound = caller.role === null ? caller.boundWorkspaceId : null
  return sql<Workspace[]>`
    select w.id, w.name, w.created_at, w.updated_at
    from workspaces w
    where w.id < ${page.before ?? endOfIds} and w.deleting_at is null and (
      ${seesEveryWorkspace(caller)} or w.id = ${bound}
      or exists (select from workspace_members m where m.workspace_id = w.id and m.user_id = ${caller.userId}))
    order by w.id desc
    limit ${page.size + 1}`
}
