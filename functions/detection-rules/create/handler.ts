import { createRule } from '#shared/domain/detection/rules.ts'
import { newId } from '#shared/domain/ids.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { body }) => {
  const { rule, created } = await createRule(sql, {
    id: newId(),
    orgId: principal.orgId,
    workspaceId: workspaceOf(principal),
    kind: body.kind,
    name: body.name ?? null,
    content: body.content,
    techniques: body.techniques ?? null,
    tlp: body.tlp,
    status: body.status,
    evidenceIds: body.evidence_ids,
    runId: null,
    createdBy: principal.userId,
  })
  const { kind, name, tlp } = rule
  audit('detection_rule.created', { targetId: rule.id, details: { kind, name, tlp, created } })
  return { status: created ? 201 : 200, body: rule }
}
