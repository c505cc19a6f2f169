import { readCoverage } from '#shared/domain/detection/coverage.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now }, { query }) => ({
  status: 200,
  body: await readCoverage(sql, { workspaceId: principal.workspaceId, maximumTlp: query.maximum_tlp, now }),
})
