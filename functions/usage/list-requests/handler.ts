import { pageBodyBy, readPage } from '#shared/domain/paging.ts'
import { listRequests, positionOf } from '#shared/domain/usage/read.ts'
import { readWindow } from '#shared/domain/usage/window.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors, now }, { query }) => {
  const page = readPage(query, cursors)
  const requests = await listRequests(sql, readWindow(query, now), query, page)
  return { status: 200, body: pageBodyBy(requests, page, cursors, positionOf) }
}
