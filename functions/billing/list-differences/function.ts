import * as v from 'valibot'
import { BillingDifference, differenceFilter } from '#shared/domain/billing/ledger/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/operator/billing/differences',
  access: 'operator',
  summary: 'List what doesn’t agree with the gateway and couldn’t be repaired, the newest first',
  query: v.strictObject({ ...pageQuery, ...differenceFilter }),
  responses: { 200: pageOf(BillingDifference) },
  handler: () => import('./handler.ts'),
})
