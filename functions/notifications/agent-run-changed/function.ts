import { runChanged } from '#shared/domain/agents/messages.ts'
import { defineEvent } from '#shared/runtime/declarations.ts'

export default defineEvent({
  on: runChanged,
  summary: 'Tell whoever began a run that it waits for an approval, is done, or failed',
  handler: () => import('./handler.ts'),
})
