import { eraseWorkspace, removeLateObjects } from '#shared/domain/erasure/messages.ts'
import {
  listNamedObjects,
  type NamedObject,
  placesOfWorkspace,
  removeNamedObjects,
  removeSomeObjects,
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

interface Removed {
  /** The rows whose objects were removed: they go next. */
  objectless: NamedObject[]
  /** How many objects went that are known by their place alone; there may be more. */
  placed: number
}

export const prepare: PrepareJob<typeof job, Removed> = async ({ read, objects }, ids) => {
  const found = await read(async (sql) => {
    const erasure = await openWorkspaceErasure(sql, ids, 'read')
    return erasure && { places: placesOfWorkspace(erasure), named: await listNamedObjects(sql, erasure.workspaceId) }
  })
  if (!found) return { objectless: [], placed: 0 }
  await removeNamedObjects(objects, found.named)
  return { objectless: found.named, placed: await removeSomeObjects(objects, found.places) }
}

export const run: RunJob<typeof job, Removed> = async ({ sql, enqueue, now }, ids, { objectless, placed }) => {
  const erasure = await openWorkspaceErasure(sql, ids, 'lock')
  if (!erasure) return
  const { rows, table, finished } = await eraseWorkspaceRows(sql, erasure, objectless)
  if (finished && placed === 0) return finishWorkspaceErasure(sql, erasure)
  const message = table === null ? 'Removing files' : `Removing ${table.replaceAll('_', ' ')}`
  await noteWorkspaceProgress(sql, erasure, rows, message)
  const late = objectless.filter((object) => object.late).map(({ bucket, key }) => ({ bucket, prefix: key }))
  // Work that was under way when the workspace was closed may still put something there.
  if (erasure.status === 'queued') late.push(...placesOfWorkspace(erasure))
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
