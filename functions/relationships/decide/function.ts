import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Relationship, RelationshipDecision } from '#shared/domain/intelligence/relationships.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'PATCH',
  path: '/v1/relationships/{relationship_id}',
  access: 'intelligence:write',
  summary: 'Accept or reject a relationship',
  params: v.strictObject({ relationship_id: Id }),
  body: RelationshipDecision,
  ifMatch: true,
  audit: 'relationship.decided',
  responses: { 200: Relationship },
  handler: () => import('./handler.ts'),
})
