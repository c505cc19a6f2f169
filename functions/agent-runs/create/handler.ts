import * as v from 'valibot'
import { council } from '#shared/domain/agents/council.ts'
import type { Graph } from '#shared/domain/agents/graph.ts'
import { type Kept, keep, runArtifactKey } from '#shared/domain/agents/large-values.ts'
import { createRun } from '#shared/domain/agents/runs.ts'
import { AppError } from '#shared/domain/errors.ts'
import { newId } from '#shared/domain/ids.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

interface Prepared {
  id: string
  graph: Graph
  input: Kept
}

export const prepare: PrepareRoute<typeof route, Prepared> = async ({ principal, objects }, { body }) => {
  const graph = (await council()).playbooks.get(body.playbook)
  if (!graph) {
    throw new AppError('VALIDATION_ERROR', 'There is no such playbook', [
      { field: 'body.playbook', message: 'is none of those at /v1/playbooks' },
    ])
  }
  const result = v.safeParse(graph.playbook.input, body.input)
  if (!result.success) {
    throw new AppError(
      'VALIDATION_ERROR',
      'The input is not what the playbook takes',
      result.issues.map((issue) => ({
        field: ['body.input', v.getDotPath(issue)].filter(Boolean).join('.'),
        message: issue.message,
      })),
    )
  }
  const id = newId()
  const place = { id, orgId: principal.orgId, workspaceId: workspaceOf(principal) }
  return { id, graph, input: await keep(objects, runArtifactKey(place, 'input'), body.input) }
}

export const run: RunRoute<typeof route, Prepared> = async (context, { body }, { id, graph, input }) => {
  const { principal, config, now, audit } = context
  const created = await createRun(context, graph, {
    id,
    orgId: principal.orgId,
    workspaceId: workspaceOf(principal),
    input,
    budgetMicrodollars: body.budget_microdollars ?? null,
    createdBy: principal.userId,
    maximumActive: config.MAXIMUM_ACTIVE_RUNS,
    at: now,
    defaultPlanId: config.DEFAULT_PLAN,
  })
  audit('agent_run.created', { targetId: id, details: { playbook: graph.playbook.id } })
  return { status: 201, body: created, headers: { location: `/v1/agent-runs/${id}` } }
}
