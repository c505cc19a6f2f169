import { closeBilling } from '#shared/domain/billing/ends/close-billing.ts'
import { eraseOrganization } from '#shared/domain/erasure/messages.ts'
import { startErasure } from '#shared/domain/erasure/organizations.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, enqueue, audit, now }, { query }) => {
  const { orgId, userId } = principal
  const { job, mustStart } = await startErasure(sql, { orgId, userId, confirm: query.confirm })
  await closeBilling({ sql, now, enqueue }, orgId)
  if (mustStart) await enqueue(eraseOrganization, { job_id: job.id, stage: 'objects' })
  audit('organization.deleted', { targetId: orgId, details: { job_id: job.id } })
  return { status: 202, body: job, headers: { location: `/v1/jobs/${job.id}` } }
}
