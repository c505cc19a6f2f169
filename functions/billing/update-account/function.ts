import { Account, AccountDraft } from '#shared/domain/billing/accounts/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PUT',
  path: '/v1/billing/account',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Say who the organization is as a customer: name, address and GSTIN of the invoices to come',
  description: 'Invoices that were issued stay as they are.',
  body: AccountDraft,
  ifMatch: true,
  audit: 'billing_account.updated',
  responses: { 200: Account },
  handler: () => import('./handler.ts'),
})
