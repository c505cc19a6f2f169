import * as v from 'valibot'
import { PlaybookSummary } from '#shared/domain/agents/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/playbooks',
  access: 'intelligence:read',
  summary: 'List the playbooks that can be run',
  responses: { 200: v.strictObject({ data: v.array(PlaybookSummary) }) },
  handler: () => import('./handler.ts'),
})
