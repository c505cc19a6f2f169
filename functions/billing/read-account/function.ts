import { Account } from '#shared/domain/billing/accounts/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/account',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Read who the organization is as a customer, and how it is taxed',
  responses: { 200: Account },
  handler: () => import('./handler.ts'),
})
