import { documentFinished } from '#shared/domain/documents/messages.ts'
import { defineEvent } from '#shared/runtime/declarations.ts'

export default defineEvent({
  on: documentFinished,
  summary: 'Tell the one who uploaded a document what came of it, and end its job',
  handler: () => import('./handler.ts'),
})
