import { AppError, notFound } from '../errors.ts'
import type { Sql } from '../sql.ts'
import type { Actor } from '../tenancy/member-rules.ts'
import { type KeyScope, keyScopes } from '../tenancy/permissions.ts'
import { seesEveryWorkspace } from '../tenancy/principal.ts'

/** What these allow is of the whole organization, so that a key of one workspace can't have them. */
const organizationScopes: readonly string[] = ['organization:manage', 'audit:read', 'usage:read']

/**
 * Refuses a key that would be stronger than who makes or rotates it: else whoever may manage keys could make themselves anything.
 * @throws AppError PERMISSION_DENIED, NOT_FOUND for a workspace that the maker may not enter, VALIDATION_ERROR for
 *   scopes that make no sense together with a workspace
 */
export async function assertMayGive(
  sql: Sql,
  maker: Actor,
  key: { scopes: readonly string[]; workspaceId: string | null },
): Promise<void> {
  for (const scope of key.scopes) {
    if (!isScope(scope) || !maker.permissions.has(scope)) {
      throw new AppError('PERMISSION_DENIED', `You lack the permission ${scope}, so no key of yours can have it`)
    }
  }
  if (key.workspaceId === null) {
    if (seesEveryWorkspace(maker)) return
    throw new AppError('PERMISSION_DENIED', 'Only owners and admins can have keys for every workspace; name one')
  }
  const tooWide = key.scopes.find((scope) => organizationScopes.includes(scope))
  if (tooWide !== undefined) {
    throw new AppError('VALIDATION_ERROR', 'The request is not valid', [
      { field: 'body.scopes', message: `${tooWide} is of the whole organization, not of one workspace` },
    ])
  }
  // Locked, so that it isn't deleted before the key is there.
  const [workspace] = await sql`
    select 1 from workspaces w
    where w.id = ${key.workspaceId} and w.deleting_at is null and (
      ${seesEveryWorkspace(maker)}
      or exists (select from workspace_members m where m.workspace_id = w.id and m.user_id = ${maker.userId}))
    for key share of w`
  if (!workspace) throw notFound('Workspace')
}

function isScope(scope: string): scope is KeyScope {
  return (keyScopes as readonly string[]).includes(scope)
}
