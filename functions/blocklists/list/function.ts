import * as v from 'valibot'
import { Blocklist } from '#shared/domain/blocklists/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/blocklists',
  access: 'intelligence:read',
  summary: 'List blocklists',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Blocklist) },
  handler: () => import('./handler.ts'),
})
