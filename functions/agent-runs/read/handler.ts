import { council } from '#shared/domain/agents/council.ts'
import { loadRun } from '#shared/domain/agents/runs.ts'
import { showRun } from '#shared/domain/agents/show.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async ({ read, objects }, { params }) => {
  const stored = await read((sql) => loadRun(sql, params.run_id))
  return { status: 200, body: await showRun(objects, await council(), stored) }
}
