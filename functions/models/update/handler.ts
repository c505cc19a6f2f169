import { readModelSettings, writeModelSettings } from '#shared/domain/models/settings.ts'
import type { Json } from '#shared/domain/sql.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const current: CurrentRoute<typeof route> = ({ sql, principal }) =>
  readModelSettings(sql, workspaceOf(principal), true)

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { body }) => {
  const workspaceId = workspaceOf(principal)
  await writeModelSettings(sql, workspaceId, body)
  audit('models.updated', { targetId: workspaceId, details: { settings: body as Json } })
  return { status: 200, body }
}
