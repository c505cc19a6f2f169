import { removeAllObjects, requireOwnPlaces } from '#shared/domain/erasure/objects.ts'
import type { PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const prepare: PrepareJob<typeof job, void> = async ({ objects, principal, signal }, { places }) => {
  requireOwnPlaces(principal.orgId, places)
  await removeAllObjects(objects, places, signal)
}

/** There is nothing in the database to change. */
export const run: RunJob<typeof job, void> = async () => {}
