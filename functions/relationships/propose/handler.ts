import { newId } from '#shared/domain/ids.ts'
import { proposeRelationship } from '#shared/domain/intelligence/relationships.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { body }) => {
  const relationship = await proposeRelationship(sql, {
    id: newId(),
    orgId: principal.orgId,
    workspaceId: workspaceOf(principal),
    sourceId: body.source_id,
    relationshipType: body.relationship_type,
    targetId: body.target_id,
    confidence: body.confidence,
    evidenceIds: body.evidence_ids,
    runId: null,
    createdBy: principal.userId,
  })
  const { source_id, relationship_type, target_id } = body
  audit('relationship.proposed', { targetId: relationship.id, details: { source_id, relationship_type, target_id } })
  return { status: 201, body: relationship }
}
