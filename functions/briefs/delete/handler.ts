import { deleteBrief } from '#shared/domain/briefs/briefs.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, audit }, { params }) => {
  const title = await deleteBrief(sql, params.brief_id)
  audit('brief.deleted', { targetId: params.brief_id, details: { title } })
  return { status: 204, body: null }
}
