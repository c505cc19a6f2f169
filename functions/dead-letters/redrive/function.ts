import * as v from 'valibot'
import { DeadLetterSummary } from '#shared/domain/dead-letters/schemas.ts'
import { validateDocument } from '#shared/domain/documents/messages.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/dead-letters/{dead_letter_id}/redrive',
  access: 'organization:manage',
  caller: 'person',
  summary: 'Send a message again to the function that gave it up',
  description:
    'It leaves within two minutes. A document that failed is processed again from the start. 409 says why a message is not sent again.',
  params: v.strictObject({ dead_letter_id: Id }),
  audit: 'dead_letter.redriven',
  responses: { 202: DeadLetterSummary },
  resources: { enqueues: [validateDocument] },
  handler: () => import('./handler.ts'),
})
