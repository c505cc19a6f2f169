import { readRule } from '#shared/domain/detection/stored-rules.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readRule(sql, params.rule_id),
})
