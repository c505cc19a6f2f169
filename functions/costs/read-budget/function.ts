import { Budget } from '#shared/domain/costs/budgets.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/costs/budget',
  access: 'usage:read',
  summary: 'Read what the workspace may spend on models this month, and what is left',
  responses: { 200: Budget },
  handler: () => import('./handler.ts'),
})
