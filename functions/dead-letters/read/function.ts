import * as v from 'valibot'
import { DeadLetterDetail } from '#shared/domain/dead-letters/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/dead-letters/{dead_letter_id}',
  access: 'organization:manage',
  caller: 'person',
  summary: 'Read a message that a function gave up, and why it did',
  params: v.strictObject({ dead_letter_id: Id }),
  responses: { 200: DeadLetterDetail },
  handler: () => import('./handler.ts'),
})
