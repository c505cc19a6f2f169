import { testEvent } from '#shared/domain/operations/test-event.ts'
import { defineEvent } from '#shared/runtime/declarations.ts'

export default defineEvent({
  on: testEvent,
  summary: 'Note that a test event has arrived, and after how long',
  handler: () => import('./handler.ts'),
})
