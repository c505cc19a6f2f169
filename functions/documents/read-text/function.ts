import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

const Offset = v.pipe(v.number(), v.integer())

export default defineRoute({
  method: 'GET',
  path: '/v1/documents/{document_id}/text',
  access: 'intelligence:read',
  summary: 'Read the text of a document, to which the offsets of evidence refer',
  params: v.strictObject({ document_id: Id }),
  responses: {
    200: v.strictObject({
      text: v.string(),
      pages: v.array(v.strictObject({ number: v.number(), start: Offset, end: Offset })),
    }),
  },
  handler: () => import('./handler.ts'),
})
