import { readStatistics } from '#shared/domain/agents/statistics.ts'
import { AppError } from '#shared/domain/errors.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

const day = 86_400_000
const maximumDays = 366

export const run: RunRoute<typeof route> = async ({ sql, principal, now }, { query }) => {
  const to = query.to ? new Date(query.to) : now
  const from = query.from ? new Date(query.from) : new Date(to.getTime() - 30 * day)
  if (from >= to || to.getTime() - from.getTime() > maximumDays * day) {
    throw new AppError('VALIDATION_ERROR', 'The window is none', [
      { field: 'query.from', message: `must be before \`to\`, by ${maximumDays} days at most` },
    ])
  }
  const window = { from: from.toISOString(), to: to.toISOString() }
  return { status: 200, body: await readStatistics(sql, principal.workspaceId, window) }
}
