import * as v from 'valibot'
import { Statement } from '#shared/domain/billing/ledger/statement.ts'
import { Timestamp } from '#shared/domain/ids.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/statement',
  access: 'billing:manage',
  caller: 'person',
  summary: 'Read the organization’s account: what it paid, was invoiced, credited and paid back, with its balance',
  description: 'At most 366 days and 1,000 lines at once. A balance above zero is a credit of the organization.',
  cost: 2,
  query: v.strictObject({
    from: v.optional(v.pipe(Timestamp, v.description('Not before; 92 days before `to` when absent'))),
    to: v.optional(v.pipe(Timestamp, v.description('Before; now when absent'))),
  }),
  responses: { 200: Statement },
  handler: () => import('./handler.ts'),
})
