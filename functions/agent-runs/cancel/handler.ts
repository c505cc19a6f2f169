import { cancelRun } from '#shared/domain/agents/runs.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { params }) => {
  const cancelled = await cancelRun(context, params.run_id, { code: 'CANCELLED', message: 'Cancelled' })
  context.audit('agent_run.cancelled', { targetId: cancelled.id, details: { playbook: cancelled.playbook } })
  return { status: 200, body: cancelled }
}
