import { entityList } from '#shared/domain/intelligence/entity-list.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, cursors }, { query }) => ({
  status: 200,
  body: await entityList(sql, cursors, 'software', query),
})
