import * as v from 'valibot'
import { BillingDifference, Resolution } from '#shared/domain/billing/ledger/schemas.ts'
import { Id } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/operator/billing/differences/{difference_id}/resolution',
  access: 'operator',
  summary: 'Close a difference with what was found and done; it opens again when something else is found',
  description: 'It moves no money. Where it is about an organization, that one’s audit log tells who closed it.',
  params: v.strictObject({ difference_id: Id }),
  body: Resolution,
  responses: { 200: BillingDifference },
  handler: () => import('./handler.ts'),
})
