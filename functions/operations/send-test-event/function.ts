import { Job } from '#shared/domain/jobs/schemas.ts'
import { testEvent } from '#shared/domain/operations/test-event.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/test-events',
  access: 'organization:manage',
  summary: 'Send an event that does nothing but arrive: its job has succeeded then, and tells after how long',
  idempotent: true,
  audit: 'test_event.sent',
  responses: { 202: Job },
  resources: { publishes: [testEvent] },
  handler: () => import('./handler.ts'),
})
