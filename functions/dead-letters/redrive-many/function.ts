import * as v from 'valibot'
import { Consumer } from '#shared/domain/dead-letters/schemas.ts'
import { validateDocument } from '#shared/domain/documents/messages.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/dead-letters/redrive',
  access: 'organization:manage',
  caller: 'person',
  summary: 'Send up to 100 messages again to the function that gave them up, the oldest first',
  body: v.strictObject({ consumer: Consumer }),
  cost: 10,
  audit: 'dead_letter.redriven',
  responses: {
    202: v.strictObject({
      redriven: v.pipe(v.number(), v.integer(), v.description('How many are sent again')),
      refused: v.pipe(
        v.array(v.strictObject({ dead_letter_id: Id, message: v.string() })),
        v.description('What is not sent again, and why; it stays open until it is discarded'),
      ),
    }),
  },
  resources: { enqueues: [validateDocument] },
  handler: () => import('./handler.ts'),
})
