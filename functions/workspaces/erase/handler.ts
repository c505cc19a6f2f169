import { eraseWorkspace, removeLateObjects } from '#shared/domain/erasure/messages.ts'
import {
  listNamedObjects,
  type NamedObject,
  removeNamedObjects,
  whenNothingArrives,
} from '#shared/domain/erasure/objects.ts'
import { whenTriedAgain } from '#shared/domain/erasure/organizations.ts'
import {
  eraseWorkspaceRows,
  finishWorkspaceErasure,
  noteWorkspaceProgress,
  openWorkspaceErasure,
} from '#shared/domain/erasure/workspaces.ts'
import type { FailedJob, PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

/** The rows whose objects were removed: they go next. */
export const prepare: PrepareJob<typeof job, NamedObject[]> = async ({ read, objects }, ids) => {
  const named = await read(async (sql) => {
    const erasure = await openWorkspaceErasure(sql, ids, 'read')
    return erasure ? listNamedObjects(sql, erasure.workspaceId) : []
  })
  await removeNamedObjects(objects, named)
  return named
}

export const run: RunJob<typeof job, NamedObject[]> = async ({ sql, enqueue, now }, ids, objectless) => {
  const erasure = await openWorkspaceErasure(sql, ids, 'lock')
  if (!erasure) return
  const { rows, table, finished } = await eraseWorkspaceRows(sql, erasure, objectless)
  if (finished) return finishWorkspaceErasure(sql, erasure)
  const message = table === null ? 'Removing files' : `Removing ${table.replaceAll('_', ' ')}`
  await noteWorkspaceProgress(sql, erasure, rows, message)
  const late = objectless.filter((object) => object.late).map(({ bucket, key }) => ({ bucket, prefix: key }))
  if (late.length > 0) await enqueue(removeLateObjects, { places: late }, { notBefore: whenNothingArrives(now) })
  await enqueue(eraseWorkspace, ids)
}

/** What was asked for is done in the end, however long something behind it is out of order. */
export const failed: FailedJob<typeof job> = async ({ sql, enqueue, now }, ids) => {
  const erasure = await openWorkspaceErasure(sql, ids, 'lock')
  if (!erasure) return
  await noteWorkspaceProgress(sql, erasure, 0, 'Held up; it goes on by itself')
  await enqueue(eraseWorkspace, ids, { notBefore: whenTriedAgain(now) })
}
