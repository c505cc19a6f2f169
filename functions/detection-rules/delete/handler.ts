import { deleteRule } from '#shared/domain/detection/stored-rules.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, audit }, { params }) => {
  const rule = await deleteRule(sql, params.rule_id)
  audit('detection_rule.deleted', { targetId: params.rule_id, details: rule })
  return { status: 204, body: null }
}
