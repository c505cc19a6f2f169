import { ChangePreview, TermsQuery } from '#shared/domain/billing/subscriptions/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/billing/subscription/preview',
  access: 'billing:manage',
  caller: 'person',
  summary: 'See what a change of plan, period or seats would cost: at once, and at the end of the period',
  description:
    'At once it costs the difference for the days that are left, by the calendar of India. Nothing is changed.',
  query: TermsQuery,
  responses: { 200: ChangePreview },
  handler: () => import('./handler.ts'),
})
