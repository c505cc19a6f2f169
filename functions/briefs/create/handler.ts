import { createBrief } from '#shared/domain/briefs/briefs.ts'
import { newId } from '#shared/domain/ids.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { body }) => {
  const brief = await createBrief(sql, {
    id: newId(),
    orgId: principal.orgId,
    workspaceId: workspaceOf(principal),
    draft: body,
    runId: null,
    createdBy: principal.userId,
  })
  audit('brief.created', { targetId: brief.id, details: { title: brief.title, tlp: brief.tlp } })
  return { status: 201, body: brief }
}
