import { readRule, setRuleStatus } from '#shared/domain/detection/stored-rules.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, audit }, { params, body }) => {
  const rule = await setRuleStatus(sql, params.rule_id, body.status)
  audit('detection_rule.updated', { targetId: rule.id, details: { name: rule.name, status: rule.status } })
  return { status: 200, body: rule }
}

export const current: CurrentRoute<typeof route> = ({ sql }, { params }) => readRule(sql, params.rule_id, true)
