import { readBrief } from '#shared/domain/briefs/briefs.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readBrief(sql, params.brief_id),
})
