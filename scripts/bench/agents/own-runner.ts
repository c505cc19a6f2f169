import doStepFunction from '#functions/agent-runs/do-step/function.ts'
import type { Catalogue } from '#shared/domain/agents/catalogue.ts'
import { doStep } from '#shared/domain/agents/messages.ts'
import { createRun } from '#shared/domain/agents/runs.ts'
import { stepHandlers } from '#shared/domain/agents/step-handlers.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Envelope } from '#shared/domain/messaging.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { baseContext, type Call, inTransaction, serviceScope } from '#shared/runtime/contexts.ts'
import type { Service } from '#shared/runtime/declarations.ts'
import { admit } from '#shared/runtime/inbox.ts'
import type { Services } from '#shared/runtime/services.ts'
import { validate } from '#shared/runtime/validate.ts'
import { trivialGraph } from './trivial-graph.ts'

/** Someone's workspace. */
export interface Place {
  orgId: string
  workspaceId: string
}

/** Tasks are delivered at once, in the order in which they were sent. */
export interface OwnRunner {
  /** Begins a run, whose first step then waits. */
  begin(place: Place): Promise<void>
  /** Does the step that waits longest. @returns false when none waits */
  deliverNext(): Promise<boolean>
}

const catalogue: Catalogue = { playbooks: new Map([[trivialGraph.playbook.id, trivialGraph]]), tools: new Map() }
const handlers = stepHandlers(async () => catalogue)

/**
 * The trivial graph in our engine: each node a task, with its lease, inbox row, outbox row and job, by the product's own
 * handlers and transactions. The queue is a list in this process, so there is no HTTP in it, as there is none in LangGraph.
 */
export function startOwnRunner(product: Services, database: Database): OwnRunner {
  const waiting: string[] = []
  const services: Services = {
    ...product,
    database,
    queue: {
      enqueue: async (tasks) => void waiting.push(...tasks.map(({ body }) => body)),
      check: async () => {},
      close: async () => {},
    },
    bus: { publish: async () => {}, check: async () => {}, close: async () => {} },
  }
  const callOf = (place: Place, requestId: string): Call<Service> => ({
    functionName: doStep.name,
    resources: doStepFunction.resources ?? {},
    principal: { ...place, userId: null },
    scope: serviceScope(place.orgId, null, place.workspaceId),
    requestId,
    traceparent: null,
    now: services.now(),
    log: services.log,
    signal: AbortSignal.timeout(30_000),
    address: null,
  })
  return {
    async begin(place) {
      const id = newId()
      const draft = { id, ...place, input: { value: {}, key: null }, createdBy: null }
      await inTransaction(services, callOf(place, id), (context) =>
        createRun(context, trivialGraph, {
          ...draft,
          budgetMicrodollars: null,
          maximumActive: 1_000_000,
          at: services.now(),
          defaultPlanId: 'enterprise',
        }),
      )
    },
    async deliverNext() {
      const body = waiting.shift()
      if (body === undefined) return false
      const envelope = JSON.parse(body) as Envelope
      const place = { orgId: envelope.org_id, workspaceId: envelope.workspace_id ?? '' }
      const call = callOf(place, envelope.correlation_id)
      const step = validate(doStep.payload, envelope.payload, 'payload')
      const outcome = await handlers.prepare(baseContext(services, call), step)
      await inTransaction(services, call, async (context) => {
        const admission = await admit(context.sql, doStep.name, envelope.id, place.orgId)
        if (admission === 'admitted') await handlers.run(context, step, outcome)
      })
      return true
    },
  }
}
