import { Relationship, RelationshipDraft } from '#shared/domain/intelligence/relationships.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/relationships',
  access: 'intelligence:write',
  summary: 'Propose that one thing is related to another, as STIX 2.1 relates things',
  description: 'What is there already stays as it was decided, and rests on more evidence.',
  body: RelationshipDraft,
  idempotent: true,
  audit: 'relationship.proposed',
  responses: { 201: Relationship },
  handler: () => import('./handler.ts'),
})
