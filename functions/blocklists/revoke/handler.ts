import { revokeBlocklist } from '#shared/domain/blocklists/blocklists.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => {
  await revokeBlocklist(sql, params.blocklist_id)
  return { status: 204, body: null }
}
