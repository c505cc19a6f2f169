import { resolveDifference } from '#shared/domain/billing/ledger/differences.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now, enter, audit, log }, { params, body }) => {
  const difference = await resolveDifference(sql, {
    id: params.difference_id,
    resolution: body.resolution,
    resolvedBy: principal.userId,
    now,
  })
  const { id, org_id, kind, subject, resolution } = difference
  const [organization] = org_id === null ? [] : await sql`select 1 from organizations where id = ${org_id}`
  if (org_id !== null && organization) {
    await enter(org_id)
    audit('billing_difference.resolved', { targetId: id, details: { kind, subject, resolution } })
  } else {
    // Nobody's, or of one that is gone with its audit log.
    log.warn('a difference of billing was resolved', { id, kind, subject, resolution, by: principal.userId })
  }
  return { status: 200, body: difference }
}
