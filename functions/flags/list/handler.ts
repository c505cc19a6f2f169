import { listFlags } from '#shared/domain/flags/flags.ts'
import { pageBodyBy, readPage } from '#shared/domain/paging.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { query }) => {
  const page = readPage(query, cursors)
  return { status: 200, body: pageBodyBy(await listFlags(sql, page), page, cursors, ({ key }) => key) }
}
