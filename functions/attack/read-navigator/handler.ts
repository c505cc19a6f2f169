import { readCoverage } from '#shared/domain/detection/coverage.ts'
import { toNavigatorLayer } from '#shared/domain/detection/navigator.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now }, { query }) => {
  const maximumTlp = query.maximum_tlp
  const coverage = await readCoverage(sql, { workspaceId: principal.workspaceId, maximumTlp, now })
  const name = `Coverage of ${now.toISOString().slice(0, 10)}`
  const headers = { 'content-disposition': 'attachment; filename="attack-coverage.json"' }
  return { status: 200, body: toNavigatorLayer(coverage, name), headers }
}
