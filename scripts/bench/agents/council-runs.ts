import { setTimeout as sleep } from 'node:timers/promises'
import type { Graph } from '#shared/domain/agents/graph.ts'
import { doLongStep, doStep, runChanged } from '#shared/domain/agents/messages.ts'
import { playbooks } from '#shared/domain/agents/playbooks/index.ts'
import { investigateIndicator } from '#shared/domain/agents/playbooks/investigate-indicator.ts'
import { createRun } from '#shared/domain/agents/runs.ts'
import { newId } from '#shared/domain/ids.ts'
import { inTransaction, serviceScope } from '#shared/runtime/contexts.ts'
import type { Services } from '#shared/runtime/services.ts'
import { createDesk } from '../../../tests/setup/reports.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'

const report = `APT29 used the domain update-service.example-cdn.net to deliver the malware Cobalt Strike.
The server at 203.0.113.77 answered as its command and control server, according to the analysis of October 2026.
Phishing messages (T1566.001) led to the domain update-service.example-cdn.net in several organizations.`

/** A workspace with a report, and one of the indicators that it names. */
export interface Case {
  orgId: string
  workspaceId: string
  indicatorId: string
}

/** Makes organizations, each with a report of its own. */
export async function openCases({ database }: Services, count: number): Promise<Case[]> {
  const tenants = createTenants(database)
  const cases: Case[] = []
  for (let number = 0; number < count; number++) {
    const { orgId } = await tenants.organization()
    const desk = await createDesk(database, orgId)
    const { evidence } = await desk.report(report)
    const named = evidence.find(({ indicator_id }) => indicator_id !== null)?.indicator_id
    if (!named) throw new Error('the report names no indicator')
    cases.push({ orgId, workspaceId: desk.workspaceId, indicatorId: named })
  }
  return cases
}

/** Begins a run that investigates the indicator; the product does it. */
async function beginCase(services: Services, { orgId, workspaceId, indicatorId }: Case): Promise<string> {
  const id = newId()
  const call = {
    functionName: 'bench-agents',
    resources: { enqueues: [doStep, doLongStep], publishes: [runChanged] },
    principal: { orgId, workspaceId, userId: null },
    scope: serviceScope(orgId, null, workspaceId),
    requestId: id,
    traceparent: null,
    now: services.now(),
    log: services.log,
    signal: AbortSignal.timeout(60_000),
    address: null,
  }
  const input = { value: { indicator_id: indicatorId }, key: null }
  const draft = { id, orgId, workspaceId, input, budgetMicrodollars: 1_000_000, createdBy: null }
  await inTransaction(services, call, (context) =>
    createRun(context, playbooks.get(investigateIndicator.id) as Graph, {
      ...draft,
      maximumActive: 1_000_000,
      at: services.now(),
      defaultPlanId: 'enterprise',
    }),
  )
  return id
}

/** Completed runs a second, when so many are begun at once. @throws when one of them does not succeed */
export async function measureCases(services: Services, cases: readonly Case[], runs: number): Promise<number> {
  const startedAt = performance.now()
  const begun = Array.from({ length: runs }, (_, number) => beginCase(services, cases[number % cases.length]!))
  const ids = await Promise.all(begun)
  for (const one of cases) while ((await countOpen(services, one)) > 0) await sleep(10)
  const seconds = (performance.now() - startedAt) / 1000
  const completed = await Promise.all(cases.map((one) => countCompleted(services, one, ids)))
  if (completed.reduce((sum, count) => sum + count, 0) !== runs) throw new Error('not every run was completed')
  return runs / seconds
}

async function countOpen({ database }: Services, { orgId }: Case): Promise<number> {
  const [row] = await database.transaction(
    serviceScope(orgId, null),
    (sql) => sql<{ count: number }[]>`select count_active_agent_runs() as count`,
    { readOnly: true },
  )
  return row?.count ?? 0
}

async function countCompleted({ database }: Services, { orgId }: Case, ids: readonly string[]): Promise<number> {
  const rows = await database.transaction(
    serviceScope(orgId, null),
    (sql) => sql`select from agent_runs where status = 'completed' and id in ${sql(ids)}`,
  )
  return rows.length
}
