import { council } from '#shared/domain/agents/council.ts'
import { describeRunChange, isTold } from '#shared/domain/agents/outcome.ts'
import { readRun } from '#shared/domain/agents/runs.ts'
import { AppError } from '#shared/domain/errors.ts'
import { notify } from '#shared/domain/notifications/notifications.ts'
import type { RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = async ({ sql, principal }, { run_id, status }) => {
  const changed = await readRun(sql, run_id).catch((error) => {
    // Deleted in the meantime, with its workspace: nobody is to be told anything.
    if (error instanceof AppError && error.code === 'NOT_FOUND') return null
    throw error
  })
  // What has changed again since is told by the event of that change.
  if (!changed?.created_by || changed.status !== status || !isTold(status)) return
  const graph = (await council()).playbooks.get(changed.playbook)
  const said = describeRunChange(graph?.playbook.title ?? changed.playbook, status, changed.error)
  await notify(sql, { orgId: principal.orgId, userId: changed.created_by, subjectId: run_id, ...said })
}
