import { council } from '#shared/domain/agents/council.ts'
import { endUndecided, listLostSteps, listUndecidedRuns, recoverStep } from '#shared/domain/agents/recover.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async (context) => {
  const [lost, undecided] = [await listLostSteps(context.sql), await listUndecidedRuns(context.sql)]
  for (const step of lost) {
    await context.enter(step.org_id)
    if (await recoverStep(context, await council(), step)) {
      context.log.warn('a step was lost', { runId: step.run_id, node: step.node, orgId: step.org_id })
    }
  }
  for (const { id, org_id } of undecided) {
    await context.enter(org_id)
    await endUndecided(context, id)
  }
}
