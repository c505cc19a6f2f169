import { decideRelationship, readRelationship } from '#shared/domain/intelligence/relationships.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now, audit }, { params, body }) => {
  const decision = { status: body.status, decidedBy: principal.userId, now }
  const relationship = await decideRelationship(sql, params.relationship_id, decision)
  audit('relationship.decided', { targetId: relationship.id, details: { status: relationship.status } })
  return { status: 200, body: relationship }
}

export const current: CurrentRoute<typeof route> = ({ sql }, { params }) =>
  readRelationship(sql, params.relationship_id, true)
