import { readIndicator } from '#shared/domain/intelligence/read.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readIndicator(sql, params.indicator_id),
})
