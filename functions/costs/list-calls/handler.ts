import { listCalls, positionOf } from '#shared/domain/costs/read.ts'
import { pageBodyBy, readPage } from '#shared/domain/paging.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import { readWindow } from '#shared/domain/usage/window.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, cursors, now }, { query }) => {
  const page = readPage(query, cursors)
  const calls = await listCalls(sql, workspaceOf(principal), readWindow(query, now), query, page)
  return { status: 200, body: pageBodyBy(calls, page, cursors, positionOf) }
}
