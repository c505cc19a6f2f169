import { ModelSettings } from '#shared/domain/models/aliases.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/models',
  access: 'intelligence:read',
  summary: 'Read which models the workspace asks',
  description: 'For each alias the models in their order. What is left out is as installed, which /health tells.',
  responses: { 200: ModelSettings },
  handler: () => import('./handler.ts'),
})
