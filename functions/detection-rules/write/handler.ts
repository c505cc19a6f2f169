import { writeDocumentRules } from '#shared/domain/detection/write-rules.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now, audit }, { params, body }) => {
  const rules = await writeDocumentRules(sql, {
    documentId: params.document_id,
    orgId: principal.orgId,
    workspaceId: workspaceOf(principal),
    kinds: body.kinds,
    maximumTlp: body.maximum_tlp,
    minimumConfidence: body.minimum_confidence,
    runId: null,
    createdBy: principal.userId,
    now,
  })
  const ids = rules.map(({ id }) => id)
  audit('detection_rule.written', { details: { document_id: params.document_id, rule_ids: ids } })
  return { status: 201, body: { data: rules.map(({ content: _, evidence_ids: __, ...rule }) => rule) } }
}
