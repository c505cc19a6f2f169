import { AppError } from '../errors.ts'
import type { Sql } from '../sql.ts'
import type { ObjectPlace } from './messages.ts'

/** Part of the port of the object store. */
export interface RemovableObjects {
  remove(bucket: ObjectPlace['bucket'], key: string): Promise<void>
  removeSome(bucket: ObjectPlace['bucket'], prefix: string, limit: number): Promise<number>
}

const buckets = ['uploads', 'exports', 'artifacts'] as const

/** Objects of one part of the work: seconds, where each is a call of its own. */
const batchObjects = 500

/** URLs for uploads are good for an hour, work under way for half of one; after that nothing of theirs can arrive. */
const lateHours = 2

/** From when on no object can arrive any more that was on its way at `now`. */
export function whenNothingArrives(now: Date): Date {
  return new Date(now.getTime() + lateHours * 3_600_000)
}

/** Where an organization's objects are: every key begins with its id. */
export function placesOf(orgId: string): ObjectPlace[] {
  return buckets.map((bucket) => ({ bucket, prefix: `${orgId}/` }))
}

/** Where a workspace's objects are that go by their place: what runs and models have kept. */
export function placesOfWorkspace(workspace: { orgId: string; workspaceId: string }): ObjectPlace[] {
  return [{ bucket: 'artifacts', prefix: `${workspace.orgId}/${workspace.workspaceId}/` }]
}

/** @throws AppError VALIDATION_ERROR for a place that is not the organization's */
export function requireOwnPlaces(orgId: string, places: readonly ObjectPlace[]): void {
  if (places.every(({ prefix }) => prefix.startsWith(`${orgId}/`))) return
  throw new AppError('VALIDATION_ERROR', 'A place is not of this organization')
}

/** Removes the next objects of these places. Returns how many; 0: none are left. */
export async function removeSomeObjects(objects: RemovableObjects, places: readonly ObjectPlace[]): Promise<number> {
  let removed = 0
  for (const { bucket, prefix } of places) {
    removed += await objects.removeSome(bucket, prefix, batchObjects - removed)
    if (removed >= batchObjects) break
  }
  return removed
}

/** Removes all objects of these places, as long as there is time. */
export async function removeAllObjects(
  objects: RemovableObjects,
  places: readonly ObjectPlace[],
  signal: AbortSignal,
): Promise<void> {
  while ((await removeSomeObjects(objects, places)) > 0) signal.throwIfAborted()
}

/** A row that names an object. */
export interface NamedObject {
  table: 'documents' | 'exports'
  bucket: ObjectPlace['bucket']
  id: string
  key: string
  /** Whether its object may still be on its way. */
  late: boolean
}

/** Which bucket the keys of a table are in. */
export const objectTables = { documents: 'uploads', exports: 'exports' } as const

/** The next rows of a workspace that name objects, once nothing is left of what was read in them. */
export async function listNamedObjects(sql: Sql, workspaceId: string): Promise<NamedObject[]> {
  const [read] = await sql<{ left: boolean }[]>`
    select exists (select from evidence where workspace_id = ${workspaceId})
      or exists (select from document_passages where workspace_id = ${workspaceId}) as left`
  if (read?.left) return []
  const found: NamedObject[] = []
  for (const table of Object.keys(objectTables) as NamedObject['table'][]) {
    const rows = await sql<Omit<NamedObject, 'table' | 'bucket'>[]>`
      select id, object_key as key,
        status = 'processing' or created_at > now() - make_interval(hours => ${lateHours}) as late
      from ${sql(table)}
      where workspace_id = ${workspaceId} order by id limit ${batchObjects - found.length}`
    for (const row of rows) found.push({ table, bucket: objectTables[table], ...row })
    if (found.length >= batchObjects) break
  }
  return found
}

/** Removals under way at once. */
const parallelRemovals = 10

/** Removes the objects that rows name. */
export async function removeNamedObjects(objects: RemovableObjects, named: readonly NamedObject[]): Promise<void> {
  const left = [...named]
  const remover = async () => {
    for (let next = left.pop(); next; next = left.pop()) await objects.remove(next.bucket, next.key)
  }
  await Promise.all(Array.from({ length: parallelRemovals }, remover))
}
