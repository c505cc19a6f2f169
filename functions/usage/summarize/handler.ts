import { summarizeUsage } from '#shared/domain/usage/read.ts'
import { readWindow } from '#shared/domain/usage/window.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, now }, { query }) => {
  const window = readWindow(query, now)
  const { group_by } = query
  return { status: 200, body: { ...window, group_by, ...(await summarizeUsage(sql, window, group_by)) } }
}
