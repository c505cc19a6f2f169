import * as v from 'valibot'
import { Plan } from '#shared/domain/billing/catalogue/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/plans',
  access: 'public',
  summary: 'List the plans that are sold, with their prices without tax and their limits',
  responses: { 200: v.strictObject({ data: v.array(Plan) }) },
  handler: () => import('./handler.ts'),
})
