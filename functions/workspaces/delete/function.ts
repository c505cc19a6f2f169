import * as v from 'valibot'
import { eraseWorkspace } from '#shared/domain/erasure/messages.ts'
import { Id } from '#shared/domain/ids.ts'
import { Job } from '#shared/domain/jobs/schemas.ts'
import { PlainText } from '#shared/domain/plain-text.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/workspaces/{workspace_id}',
  // Of the organization, as making one is: with it go projects, which who manages only a workspace may not delete.
  access: 'organization:manage',
  caller: 'person',
  summary: 'Delete a workspace with everything in it; there is no way back',
  description:
    'Nobody enters it from this call on, and a job that can be watched removes its rows and files. The last workspace ' +
    'of an organization stays.',
  params: v.strictObject({ workspace_id: Id }),
  query: v.strictObject({
    confirm: v.pipe(PlainText, v.maxLength(200), v.description('The exact name of the workspace')),
  }),
  responses: { 202: Job },
  resources: { enqueues: [eraseWorkspace] },
  audit: 'workspace.deleted',
  handler: () => import('./handler.ts'),
})
