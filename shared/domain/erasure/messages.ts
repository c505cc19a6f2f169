import * as v from 'valibot'
import { Id } from '../ids.ts'
import { taskType } from '../messaging.ts'

/** Where objects that may still arrive are to be looked for: the beginning of their keys, or a whole key. */
export const ObjectPlace = v.strictObject({
  bucket: v.picklist(['uploads', 'exports', 'artifacts']),
  prefix: v.string(),
})
export type ObjectPlace = v.InferOutput<typeof ObjectPlace>

/** Removes the next few thousand rows or few hundred objects of an organization, and enqueues itself until none are left. */
export const eraseOrganization = taskType(
  'long-running',
  'organizations-erase',
  v.strictObject({ job_id: Id, stage: v.picklist(['objects', 'rows']) }),
)

/** Removes what was left for the owner to see: the organization's own row and the job. */
export const forgetOrganization = taskType('long-running', 'organizations-forget', v.strictObject({ job_id: Id }))

/**
 * Removes the next part of a workspace that `startWorkspaceErasure` has closed: objects, findings, rows, and at the end
 * the workspace itself. It enqueues itself until nothing is left.
 */
export const eraseWorkspace = taskType(
  'long-running',
  'workspaces-erase',
  v.strictObject({ workspace_id: Id, job_id: Id }),
)

/** Removes objects that arrived late: a signed URL outlives what it was made for. */
export const removeLateObjects = taskType(
  'long-running',
  'objects-remove-late',
  v.strictObject({ places: v.array(ObjectPlace) }),
)
