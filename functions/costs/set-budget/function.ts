import { Budget, BudgetChange } from '#shared/domain/costs/budgets.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PUT',
  path: '/v1/costs/budget',
  access: 'organization:manage',
  caller: 'person',
  summary: 'Set what the workspace may spend on models in a month; null goes back to the default',
  description:
    'Holds at once, and for each month from this one on. What calls under way have set aside stays theirs, also below it.',
  body: BudgetChange,
  audit: 'budget.set',
  responses: { 200: Budget },
  handler: () => import('./handler.ts'),
})
