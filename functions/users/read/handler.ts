import { readColleague } from '#shared/domain/tenancy/users.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

/** Kept for five minutes, by the browser of this person alone and for this organization alone. */
const caching = { 'cache-control': 'private, max-age=300', vary: 'Origin, Authorization, X-Org-Id, X-Workspace-Id' }

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readColleague(sql, params.user_id),
  headers: caching,
})
