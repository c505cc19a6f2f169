import * as v from 'valibot'
import { Consumer, DeadLetterSummary, Kind, Status } from '#shared/domain/dead-letters/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/dead-letters',
  access: 'organization:manage',
  caller: 'person',
  summary: 'List messages of the organization that functions gave up',
  query: v.strictObject({
    ...pageQuery,
    consumer: v.optional(Consumer),
    kind: v.optional(Kind),
    status: v.optional(Status),
  }),
  responses: { 200: pageOf(DeadLetterSummary) },
  handler: () => import('./handler.ts'),
})
