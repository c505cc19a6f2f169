import * as v from 'valibot'
import { FlagHistoryEntry, FlagKey } from '#shared/domain/flags/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/operator/flags/{flag_key}/changes',
  access: 'operator',
  summary: 'List who changed a feature flag and how, also when it is gone',
  params: v.strictObject({ flag_key: FlagKey }),
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(FlagHistoryEntry) },
  handler: () => import('./handler.ts'),
})
