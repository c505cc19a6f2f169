import { readModelSettings } from '#shared/domain/models/settings.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal }) => ({
  status: 200,
  body: await readModelSettings(sql, workspaceOf(principal)),
})
