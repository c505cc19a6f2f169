import { readBrief, updateBrief } from '#shared/domain/briefs/briefs.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, audit }, { params, body }) => {
  const brief = await updateBrief(sql, params.brief_id, body)
  audit('brief.updated', { targetId: brief.id, details: { title: brief.title, version: brief.version } })
  return { status: 200, body: brief }
}

export const current: CurrentRoute<typeof route> = ({ sql }, { params }) => readBrief(sql, params.brief_id, true)
