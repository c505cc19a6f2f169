import * as v from 'valibot'
import { Notification } from '#shared/domain/notifications/notifications.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/notifications',
  access: 'intelligence:read',
  caller: 'person',
  summary: 'List what the caller was notified of',
  query: v.strictObject(pageQuery),
  responses: { 200: pageOf(Notification) },
  handler: () => import('./handler.ts'),
})
