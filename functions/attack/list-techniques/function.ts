import { EntityQuery } from '#shared/domain/intelligence/entity-list.ts'
import { Entity } from '#shared/domain/intelligence/schemas.ts'
import { pageOf } from '#shared/domain/paging.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/techniques',
  access: 'intelligence:read',
  summary: 'List the ATT&CK techniques that documents name',
  query: EntityQuery,
  responses: { 200: pageOf(Entity) },
  handler: () => import('./handler.ts'),
})
