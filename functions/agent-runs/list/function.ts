import * as v from 'valibot'
import { Run, runStatuses } from '#shared/domain/agents/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/agent-runs',
  access: 'intelligence:read',
  summary: 'List the runs of the workspace, newest first',
  query: v.strictObject({
    ...pageQuery,
    playbook: v.optional(v.pipe(v.string(), v.maxLength(100))),
    status: v.optional(v.picklist(runStatuses)),
  }),
  responses: { 200: pageOf(Run) },
  handler: () => import('./handler.ts'),
})
