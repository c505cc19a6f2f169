import { eraseOrganization, forgetOrganization, removeLateObjects } from '#shared/domain/erasure/messages.ts'
import { placesOf, removeSomeObjects, whenNothingArrives } from '#shared/domain/erasure/objects.ts'
import {
  eraseOrganizationRows,
  finishErasure,
  isOver,
  noteProgress,
  openErasure,
  whenForgotten,
  whenTriedAgain,
} from '#shared/domain/erasure/organizations.ts'
import type { FailedJob, PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

/** How many objects were removed. Objects go before the rows that name them: a crash leaves none without a name. */
export const prepare: PrepareJob<typeof job, number> = async ({ read, objects, principal }, { job_id, stage }) => {
  const erasure = await read((sql) => openErasure(sql, principal.orgId, job_id, 'read'))
  if (!erasure || isOver(erasure) || stage !== 'objects') return 0
  return removeSomeObjects(objects, placesOf(erasure.orgId))
}

export const run: RunJob<typeof job, number> = async ({ sql, enqueue, principal, now }, { job_id, stage }, removed) => {
  const erasure = await openErasure(sql, principal.orgId, job_id, 'lock')
  if (!erasure || isOver(erasure)) return
  if (stage === 'objects') {
    await noteProgress(sql, erasure, removed, 'Removing files')
    await enqueue(eraseOrganization, { job_id, stage: removed > 0 ? 'objects' : 'rows' })
    return
  }
  const { rows, table } = await eraseOrganizationRows(sql, erasure)
  if (rows > 0) {
    await noteProgress(sql, erasure, rows, `Removing ${table?.replaceAll('_', ' ')}`)
    await enqueue(eraseOrganization, { job_id, stage: 'rows' })
    return
  }
  await finishErasure(sql, erasure)
  await enqueue(forgetOrganization, { job_id }, { notBefore: whenForgotten(now) })
  await enqueue(removeLateObjects, { places: placesOf(erasure.orgId) }, { notBefore: whenNothingArrives(now) })
}

/** What was asked for is done in the end, however long something behind it is out of order. */
export const failed: FailedJob<typeof job> = async ({ sql, enqueue, principal, now }, payload) => {
  const erasure = await openErasure(sql, principal.orgId, payload.job_id, 'lock')
  if (!erasure || isOver(erasure)) return
  await noteProgress(sql, erasure, 0, 'Held up; it goes on by itself')
  await enqueue(eraseOrganization, payload, { notBefore: whenTriedAgain(now) })
}
