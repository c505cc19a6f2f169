import { summarizeCosts } from '#shared/domain/costs/read.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import { readWindow } from '#shared/domain/usage/window.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now }, { query }) => {
  const window = readWindow(query, now)
  const { group_by } = query
  return {
    status: 200,
    body: { ...window, group_by, ...(await summarizeCosts(sql, workspaceOf(principal), window, group_by)) },
  }
}
