import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'DELETE',
  path: '/v1/dead-letters/{dead_letter_id}',
  access: 'organization:manage',
  caller: 'person',
  summary: 'Discard a message that was given up: its letter stays, what the message said goes',
  params: v.strictObject({ dead_letter_id: Id }),
  audit: 'dead_letter.discarded',
  responses: { 204: null },
  handler: () => import('./handler.ts'),
})
