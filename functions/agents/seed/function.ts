import { workspaceCreated } from '#shared/domain/tenancy/messages.ts'
import { defineEvent } from '#shared/runtime/declarations.ts'

export default defineEvent({
  on: workspaceCreated,
  summary: 'Seat the council in a new workspace',
  handler: () => import('./handler.ts'),
})
