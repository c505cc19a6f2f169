import { deadLettered } from '#shared/domain/dead-letters/write.ts'
import { defineEvent } from '#shared/runtime/declarations.ts'

export default defineEvent({
  on: deadLettered,
  summary: 'Keep the messages that a subscription gave up on',
  handler: () => import('./handler.ts'),
})
