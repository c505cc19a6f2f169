import { pageBody, readPage } from '#shared/domain/paging.ts'
import { listInvitations } from '#shared/domain/tenancy/invitations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, cursors, now }, { query }) => {
  const page = readPage(query, cursors)
  return { status: 200, body: pageBody(await listInvitations(sql, principal.orgId, page, now), page, cursors) }
}
