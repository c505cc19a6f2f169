import { Readable } from 'node:stream'
import type { Catalogue } from '#shared/domain/agents/catalogue.ts'
import { toGraph } from '#shared/domain/agents/graph.ts'
import type { RunStep } from '#shared/domain/agents/messages.ts'
import type { Playbook } from '#shared/domain/agents/playbook.ts'
import { createRun, decideRun, loadRun, type RunContext } from '#shared/domain/agents/runs.ts'
import { stepHandlers } from '#shared/domain/agents/step-handlers.ts'
import type { EffectContext, Tool } from '#shared/domain/agents/tools.ts'
import type { Surroundings } from '#shared/domain/agents/work.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Models } from '#shared/domain/models/types.ts'
import type { Json, Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, type Scope, system } from '#shared/platform/database/index.ts'

export interface QueuedStep {
  step: RunStep
  notBefore: Date | null
}

/** An organization with a workspace, and the council's machinery over it without a product around. */
export interface CouncilBench {
  orgId: string
  workspaceId: string
  userId: string
  scope: Scope
  /** Tasks that were sent and not yet delivered. */
  queue: QueuedStep[]
  /** What was told of runs: their statuses in order. */
  told: { runId: string; status: string }[]
  audited: string[]
  objects: Map<string, string>
  transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  begin(playbook: string, input?: Json, options?: { budgetMicrodollars?: number }): Promise<string>
  /** Delivers a task once; what it sends is queued when its transaction commits. */
  deliver(step: RunStep): Promise<void>
  /** Delivers everything, and what comes of it, until nothing is queued. */
  drain(): Promise<void>
  decide(runId: string, node: string, approved: boolean): Promise<void>
  read(runId: string): ReturnType<typeof loadRun>
  /** Runs work as a route would: messages leave with the commit. */
  act<Result>(work: (context: RunContext) => Promise<Result>): Promise<Result>
}

export interface CouncilOptions {
  playbooks: readonly Playbook[]
  tools?: readonly Tool[]
  models?: Models
  fetchText?: Surroundings['fetchText']
  /** A tenant that is there already, as another process sees it. */
  tenant?: Pick<CouncilBench, 'orgId' | 'workspaceId' | 'userId'>
  /** Called before each transaction and each statement of the work; may throw, as a database that is gone does. */
  onTransaction?: () => void
}

const absent: Models = {
  complete: () => Promise.reject(new Error('this test has no models')),
}

/** Makes the tenant, unless there is one, and gives the means to run playbooks in it. */
export async function openCouncil(database: Database, options: CouncilOptions): Promise<CouncilBench> {
  const { orgId, workspaceId, userId } = options.tenant ?? (await makeTenant(database))
  const scope: Scope = { ...nobody, orgId, userId, workspaceId }
  const catalogue: Catalogue = {
    playbooks: new Map(options.playbooks.map((playbook) => [playbook.id, toGraph(playbook)])),
    tools: new Map((options.tools ?? []).map((tool) => [tool.name, tool])),
  }
  const handlers = stepHandlers(() => Promise.resolve(catalogue))
  const queue: QueuedStep[] = []
  const told: CouncilBench['told'] = []
  const audited: string[] = []
  const objects = new Map<string, string>()
  const log = { warn: () => {} }

  const transaction = <Result>(work: (sql: Sql) => Promise<Result>) => {
    options.onTransaction?.()
    return database.transaction(scope, work)
  }

  /** A transaction whose messages leave when it has committed. */
  async function act<Result>(work: (context: EffectContext) => Promise<Result>): Promise<Result> {
    const steps: QueuedStep[] = []
    const events: CouncilBench['told'] = []
    const actions: string[] = []
    const result = await transaction((sql) =>
      work({
        sql,
        now: new Date(),
        config: { DEFAULT_PLAN: 'enterprise' },
        enqueue: async (_, payload, { notBefore = null } = {}) => {
          steps.push({ step: payload as RunStep, notBefore })
        },
        publish: async (_, payload) => {
          const { run_id, status } = payload as { run_id: string; status: string }
          if (run_id !== undefined) events.push({ runId: run_id, status })
        },
        audit: (action) => actions.push(action),
      }),
    )
    queue.push(...steps)
    told.push(...events)
    audited.push(...actions)
    return result
  }

  const bench: CouncilBench = {
    orgId,
    workspaceId,
    userId,
    scope,
    queue,
    told,
    audited,
    objects,
    transaction,
    act,
    async begin(playbook, input = {}, { budgetMicrodollars = null as number | null } = {}) {
      const id = newId()
      const draft = { id, orgId, workspaceId, input: { value: input, key: null }, createdBy: userId }
      await act((context) =>
        createRun(context, catalogue.playbooks.get(playbook)!, {
          ...draft,
          budgetMicrodollars,
          maximumActive: 100,
          at: new Date(),
          defaultPlanId: 'enterprise',
        }),
      )
      return id
    },
    async deliver(step) {
      const surroundings: Surroundings = {
        principal: { orgId, workspaceId, userId },
        requestId: 'test',
        now: new Date(),
        signal: new AbortController().signal,
        log,
        read: transaction,
        commit: transaction,
        objects: {
          write: async (_, key, body) => objects.set(key, body),
          read: async (_, key) => (objects.has(key) ? { body: Readable.from([objects.get(key)!]) } : null),
        },
        models: options.models ?? absent,
        fetchText: options.fetchText ?? (() => Promise.reject(new Error('this test has no web'))),
      }
      const outcome = await handlers.prepare(surroundings, step)
      await act((context) => handlers.run(context, step, outcome))
    },
    async drain() {
      for (let next = queue.shift(); next; next = queue.shift()) await bench.deliver(next.step)
    },
    async decide(runId, node, approved) {
      await act((context) =>
        decideRun(
          context,
          (id) => catalogue.playbooks.get(id),
          () => true,
          { runId, node, approved, comment: null, userId },
        ),
      )
    },
    read: (runId) => transaction((sql) => loadRun(sql, runId)),
  }
  return bench
}

async function makeTenant(database: Database) {
  const [orgId, workspaceId, userId] = [newId(), newId(), newId()] as const
  await database.transaction(
    system,
    (sql) => sql`insert into users (id, auth_sub, email) values (${userId}, ${userId}, ${`${userId}@example.org`})`,
  )
  await database.transaction({ ...nobody, orgId, userId, workspaceId: 'any' }, async (sql) => {
    await sql`insert into organizations (id, name) values (${orgId}, 'o')`
    await sql`insert into workspaces (id, org_id, name) values (${workspaceId}, ${orgId}, 'w')`
  })
  return { orgId, workspaceId, userId }
}
