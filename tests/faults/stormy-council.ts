import type postgres from 'postgres'
import { expect } from 'vitest'
import { toGraph } from '#shared/domain/agents/graph.ts'
import type { Playbook } from '#shared/domain/agents/playbook.ts'
import { listLostSteps, recoverStep } from '#shared/domain/agents/recover.ts'
import { bookLostCalls } from '#shared/domain/costs/sweep.ts'
import type { ModelDriver } from '#shared/domain/models/types.ts'
import { ModelError } from '#shared/domain/models/types.ts'
import { type Database, system } from '#shared/platform/database/index.ts'
import { budgetDefaults, findImbalances } from '../setup/costs.ts'
import { type CouncilBench, openCouncil } from '../setup/council.ts'
import { paidModels } from '../setup/paid-models.ts'
import { isDone } from './courier.ts'
import { faultyDatabase } from './faulty-services.ts'
import { askingPlaybook, leaveMark, patient } from './marks.ts'
import type { Random } from './random.ts'

/** The marks of a run. */
export async function marksOf(sql: postgres.ISql, runId: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select split_part(name, ' ', 1) as name from projects where split_part(name, ' ', 2) = ${runId} order by 1`
  return rows.map(({ name }) => name)
}

/** A model that costs money, and fails every now and then, unless it is told not to. */
export function moodyModel(random: Random, isCalm = false): ModelDriver {
  return {
    name: 'moody',
    boundInputTokens: () => 1_000,
    async complete() {
      await new Promise((resolve) => setTimeout(resolve, random.integer(0, 10)))
      const mood = isCalm ? 1 : random.next()
      if (mood < 0.05) throw new ModelError('unavailable', 'busy')
      if (mood < 0.1) throw new ModelError('unavailable', 'cut off', { mayHaveCost: true })
      const usage = { input: random.integer(1, 1_000), cachedInput: 0, output: random.integer(1, 50), thinking: 0 }
      return { text: 'so', toolRequests: [], finish: 'stop', usage: mood < 0.2 ? null : usage }
    },
  }
}

export interface Storm {
  bench: CouncilBench
  playbook: Playbook
  /** Whether transactions fail and take long. */
  isRaging: boolean
  begin(budgetMicrodollars?: number): Promise<string>
  /** Leases that are held are over, as if their holders had hung for long. */
  expireLeases(): Promise<void>
  /** Tasks that nobody has heard of for long are sent again. */
  recoverLost(): Promise<void>
}

export interface StormOptions {
  random: Random
  /** Of the transactions that fail while it rages. */
  share: number
  drivers?: readonly ModelDriver[]
  playbook?: Playbook
}

/** A council over a database that fails, whose nodes ask a model that costs money and then leave a mark. */
export async function openStorm(
  database: Database,
  owner: postgres.Sql,
  { random, share, drivers = [moodyModel(random)], playbook = patient(askingPlaybook()) }: StormOptions,
): Promise<Storm> {
  const faulty = faultyDatabase(database, random, share)
  const stormy: Database = {
    ...database,
    async transaction(scope, work, options) {
      if (!storm.isRaging) return database.transaction(scope, work, options)
      if (random.next() < 0.1) await new Promise((resolve) => setTimeout(resolve, random.integer(1, 40)))
      return faulty.transaction(scope, work, options)
    },
  }
  const catalogue = { playbooks: new Map([[playbook.id, toGraph(playbook)]]), tools: new Map() }
  const models = paidModels({ database: stormy, drivers, haste: 100 })
  const storm: Storm = {
    isRaging: false,
    playbook,
    bench: undefined as never,
    begin: (budgetMicrodollars = 2_000_000) => storm.bench.begin(playbook.id, {}, { budgetMicrodollars }),
    async expireLeases() {
      await owner`update agent_run_steps set leased_until = now() - interval '1 second'
        where org_id = ${storm.bench.orgId} and status = 'running'`
    },
    async recoverLost() {
      await owner`update agent_run_steps set created_at = created_at - interval '1 hour',
          leased_until = leased_until - interval '1 hour', not_before = not_before - interval '1 hour'
        where org_id = ${storm.bench.orgId} and status in ('pending', 'running')`
      await isDone(
        storm.bench.act(async (context) => {
          for (const lost of await listLostSteps(context.sql)) await recoverStep(context, catalogue, lost)
        }),
      )
    },
  }
  storm.bench = await openCouncil(stormy, { playbooks: [playbook], tools: [leaveMark as never], models })
  return storm
}

/** Books calls that nobody will book any more. */
export async function sweepCalls(database: Database): Promise<void> {
  await database.transaction(system, (sql) =>
    bookLostCalls({
      sql,
      enter: async (id) => {
        await sql`select set_config('app.org_id', ${id}, true), set_config('app.workspace_id', 'any', true)`
      },
      now: new Date(Date.now() + 3_600_000),
      ...budgetDefaults,
    }),
  )
}

/** What must hold of a run that has ended, however it came there. */
export async function expectSound(owner: postgres.Sql, runId: string, label: string): Promise<void> {
  const open = await owner`
    select node, iteration, status from agent_run_steps
    where run_id = ${runId} and (status in ('pending', 'running', 'waiting') or lease is not null)`
  expect([...open], label).toEqual([])
  const jobs = await owner`
    select j.id, j.status, j.version, array_agg(e.sequence order by e.sequence) = array(select generate_series(1, j.version))
        as whole, count(*) filter (where e.type in ('succeeded', 'failed', 'cancelled'))::integer as ends
    from jobs j join job_events e on e.job_id = j.id where j.subject_id = ${runId}
    group by j.id order by j.created_at, j.id`
  expect(jobs.length, label).toBeGreaterThan(0)
  for (const job of jobs) expect(job, label).toMatchObject({ whole: true, ends: 1 })
  const twice = await owner`
    select c.node, c.iteration from agent_tool_calls c
    join agent_run_steps s using (run_id, node, iteration)
    where c.run_id = ${runId} and c.attempt = s.attempt and s.status = 'succeeded'
    group by 1, 2 having count(*) <> 1`
  expect([...twice], label).toEqual([])
}

/** Of the calls under way at the end nobody knows what they cost; of all others the books say it. */
export async function expectBalance(database: Database, owner: postgres.Sql, label: string): Promise<void> {
  await sweepCalls(database)
  const open = await owner`select id from cost_reservations where state = 'reserved'`
  expect([...open], label).toEqual([])
  expect([...(await findImbalances(owner))], label).toEqual([])
}
