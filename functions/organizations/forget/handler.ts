import { forgetOrganization } from '#shared/domain/erasure/messages.ts'
import { placesOf, removeAllObjects } from '#shared/domain/erasure/objects.ts'
import { forgetErased, isOver, openErasure, whenTriedAgain } from '#shared/domain/erasure/organizations.ts'
import type { FailedJob, PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

/** Again, for what was written or uploaded while the organization was being closed. */
export const prepare: PrepareJob<typeof job, void> = async ({ read, objects, principal, signal }, { job_id }) => {
  const erasure = await read((sql) => openErasure(sql, principal.orgId, job_id, 'read'))
  if (erasure && isOver(erasure)) await removeAllObjects(objects, placesOf(erasure.orgId), signal)
}

export const run: RunJob<typeof job, void> = async ({ sql, enqueue, principal, now }, { job_id }) => {
  const erasure = await openErasure(sql, principal.orgId, job_id, 'read')
  if (!erasure || !isOver(erasure)) return
  const outcome = await forgetErased(sql, erasure)
  if (outcome === 'more') await enqueue(forgetOrganization, { job_id })
  if (outcome === 'later') await enqueue(forgetOrganization, { job_id }, { notBefore: whenTriedAgain(now) })
}

export const failed: FailedJob<typeof job> = async ({ enqueue, sql, principal, now }, payload) => {
  const erasure = await openErasure(sql, principal.orgId, payload.job_id, 'read')
  if (erasure) await enqueue(forgetOrganization, payload, { notBefore: whenTriedAgain(now) })
}
