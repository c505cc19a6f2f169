import { Flag, FlagDraft } from '#shared/domain/flags/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/operator/flags',
  access: 'operator',
  summary: 'Make a feature flag',
  idempotent: true,
  body: FlagDraft,
  responses: { 201: Flag },
  handler: () => import('./handler.ts'),
})
