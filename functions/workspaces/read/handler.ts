import { readWorkspace } from '#shared/domain/tenancy/workspaces.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readWorkspace(sql, params.workspace_id),
})
