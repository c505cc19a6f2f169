import * as v from 'valibot'
import { PlaybookDetail } from '#shared/domain/agents/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/playbooks/{playbook_id}',
  access: 'intelligence:read',
  summary: 'Read a playbook: its nodes and edges, and a drawing of them',
  params: v.strictObject({ playbook_id: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,100}$/, 'must be a playbook')) }),
  responses: { 200: PlaybookDetail },
  handler: () => import('./handler.ts'),
})
