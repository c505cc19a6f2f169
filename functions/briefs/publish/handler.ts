import { publishBrief, readBrief } from '#shared/domain/briefs/briefs.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now, audit }, { params }) => {
  const brief = await publishBrief(sql, params.brief_id, { publishedBy: principal.userId, now })
  const { title, tlp, uncited_claims } = brief
  audit('brief.published', { targetId: brief.id, details: { title, tlp, uncited_claims } })
  return { status: 200, body: brief }
}

export const current: CurrentRoute<typeof route> = ({ sql }, { params }) => readBrief(sql, params.brief_id, true)
