import { deadLetterCreated } from '#shared/domain/dead-letters/alert.ts'
import { defineEvent } from '#shared/runtime/declarations.ts'

export default defineEvent({
  on: deadLetterCreated,
  summary: 'Tell owners and admins, once an hour for each function, that messages were given up',
  handler: () => import('./handler.ts'),
})
