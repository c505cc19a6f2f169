import { ModelSettings } from '#shared/domain/models/aliases.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PUT',
  path: '/v1/models',
  access: 'agents:manage',
  summary: 'Set which models the workspace asks',
  description:
    'A model without a known price or a configured provider is passed over; an alias that is left out is as installed.',
  body: ModelSettings,
  ifMatch: true,
  audit: 'models.updated',
  responses: { 200: ModelSettings },
  handler: () => import('./handler.ts'),
})
