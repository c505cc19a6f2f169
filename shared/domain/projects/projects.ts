import { AppError, notFound } from '../errors.ts'
import { newId } from '../ids.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { Project } from '../tenancy/schemas.ts'

const columns = ['id', 'workspace_id', 'name', 'description', 'created_by', 'created_at', 'updated_at']

function nameTaken(): AppError {
  return new AppError('CONFLICT', 'There is a project of this name in the workspace already')
}

/** @throws AppError CONFLICT when the workspace has a project of this name */
export async function createProject(
  sql: Sql,
  draft: { orgId: string; workspaceId: string; name: string; description: string; createdBy: string | null },
): Promise<Project> {
  const [project] = await sql<Project[]>`
    insert into projects (id, org_id, workspace_id, name, description, created_by)
    values (${newId()}, ${draft.orgId}, ${draft.workspaceId}, ${draft.name}, ${draft.description}, ${draft.createdBy})
    on conflict (workspace_id, name) do nothing
    returning ${sql(columns)}`
  if (!project) throw nameTaken()
  return project
}

/** The projects of a workspace, newest first. */
export function listProjects(sql: Sql, workspaceId: string | null, page: Page): Promise<Project[]> {
  // The wall lets nothing else through; said here, the index finds the page without looking at the rest.
  return sql<Project[]>`
    select ${sql(columns)} from projects
    where workspace_id = ${workspaceId} and id < ${page.before ?? endOfIds}
    order by id desc
    limit ${page.size + 1}`
}

/**
 * @param lock keeps it from being changed until the transaction ends
 * @throws AppError NOT_FOUND
 */
export async function readProject(sql: Sql, id: string, lock = false): Promise<Project> {
  const [project] = await sql<Project[]>`
    select ${sql(columns)} from projects where id = ${id} ${lock ? sql`for update` : sql``}`
  if (!project) throw notFound('Project')
  return project
}

/** @throws AppError NOT_FOUND, or CONFLICT when the new name is taken */
export async function updateProject(
  sql: Sql,
  id: string,
  change: { name?: string | undefined; description?: string | undefined },
): Promise<Project> {
  const [project] = await sql<Project[]>`
    update projects
    set name = coalesce(${change.name ?? null}, name), description = coalesce(${change.description ?? null}, description),
      updated_at = now()
    where id = ${id}
    returning ${sql(columns)}`.catch((error) => {
    throw error.constraint_name === 'projects_workspace_id_name_key' ? nameTaken() : error
  })
  if (!project) throw notFound('Project')
  return project
}

/** Deletes the project; its documents stay in the workspace. Returns its name. @throws AppError NOT_FOUND */
export async function deleteProject(sql: Sql, id: string): Promise<string> {
  const [project] = await sql<{ name: string }[]>`delete from projects where id = ${id} returning name`
  if (!project) throw notFound('Project')
  return project.name
}
