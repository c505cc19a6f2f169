import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createSpendAuthority } from '#shared/domain/costs/authority.ts'
import { setBudget } from '#shared/domain/costs/budgets.ts'
import { closeRunBudget, openRunBudget } from '#shared/domain/costs/run-budgets.ts'
import { longestCallMinutes } from '#shared/domain/costs/sweep.ts'
import { AppError } from '#shared/domain/errors.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { budgetDefaults, createSpender, findImbalances, refuseOverspending } from '../setup/costs.ts'
import { cloneDatabase, type TestDatabase } from '../setup/database.ts'
import { Random } from './random.ts'

const seed = Number(process.env.FAULT_SEED ?? 20261121)

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(8, 60)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  await refuseOverspending(owner)
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

/** Whether it was done; a refusal by the budget or by the end of a run is none, and any other failure is thrown. */
async function isDone(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (error instanceof AppError && (error.code === 'BUDGET_EXCEEDED' || error.code === 'CONFLICT')) return false
    throw error
  }
}

async function expectBalance(label: string): Promise<void> {
  expect([...(await findImbalances(owner))], label).toEqual([])
}

test(`of 50 calls at the same time exactly one is granted by a budget for one, 100 times (seed ${seed})`, async () => {
  for (let round = 0; round < 100; round++) {
    const random = new Random(seed + round)
    const spender = await createSpender(database)
    const { orgId, workspaceId } = spender
    const worst = random.integer(1, 3_000_000)
    // What is too little for two.
    const limit = worst + random.integer(0, worst - 1)
    const ample = 20 * 3_000_000
    const held = random.pick(['workspace', 'run', 'agent'] as const)
    const runId = held === 'workspace' && random.next() < 0.5 ? null : newId()
    await spender.commit((sql) =>
      setBudget(sql, workspaceId, held === 'workspace' ? limit : 50 * ample, {
        now: spender.clock.now,
        ...budgetDefaults,
      }),
    )
    if (runId) {
      const budget = { runId, limitMicrodollars: held === 'run' ? limit : ample }
      const agents = { herald: held === 'agent' ? limit : ample }
      await spender.commit((sql) => openRunBudget(sql, { orgId, workspaceId, ...budget, agents }))
    }
    // In half of the rounds the month isn't opened yet either.
    if (random.next() < 0.5) await spender.release(await spender.reserve(1))
    const calls = Array.from({ length: 50 }, () =>
      spender.reservation(worst, { runId, agent: runId ? 'herald' : null }),
    )
    const granted = await Promise.all(calls.map((call) => isDone(spender.authority.reserve(call))))
    expect(granted.filter(Boolean), `round ${round}: ${held}`).toHaveLength(1)
    // Whatever it costs, in the end too.
    const id = calls[granted.indexOf(true)]!.id
    await Promise.all(calls.map((call) => spender.settle(call.id, random.integer(0, 2 * worst))))
    const [row] = await owner`
      select max(spent_microdollars + reserved_microdollars - limit_microdollars)::float8 as overspent,
        (select count(*)::int from cost_logs where workspace_id = ${workspaceId} and id = ${id}) as logged
      from cost_scopes where workspace_id = ${workspaceId}`
    expect(row?.overspent).toBeLessThanOrEqual(0)
    expect(row?.logged).toBe(1)
    await spender.commit((sql) => sql`delete from cost_reservations where state = 'reserved'`)
  }
  await expectBalance('at the end')
}, 600_000)

/** A call as its maker knows it. */
interface Call {
  id: string
  worst: number
  runId: string | null
}

test(`the books balance whatever calls, lost answers, crashes, sweeps and budgets come between each other (seed ${seed})`, async () => {
  const seen: Record<string, number> = {}
  const count = (what: string) => {
    seen[what] = (seen[what] ?? 0) + 1
  }
  for (let round = 0; round < 40; round++) {
    const random = new Random(seed + 1_000 + round)
    // Some rounds go over the end of a month.
    const spender = await createSpender(database, new Date('2026-11-30T22:00:00Z'))
    const { orgId, workspaceId } = spender
    const runs = Array.from({ length: 3 }, newId)
    const calls: Call[] = []
    let failing = true
    // Each transaction may fail before it begins, or after its commit but before anybody hears of it.
    const faulty = async <Result>(work: (sql: postgres.ISql) => Promise<Result>): Promise<Result> => {
      const fate = failing ? random.next() : 1
      if (fate < 0.1) throw new PlatformError('CONNECTION_LOST', 'before')
      const result = await spender.commit(work)
      if (fate < 0.2) throw new PlatformError('CONNECTION_LOST', 'after')
      return result
    }

    const authority = createSpendAuthority({ commit: faulty, now: () => spender.clock.now, ...budgetDefaults })

    const actions: Record<string, () => Promise<unknown>> = {
      async reserve() {
        const runId = random.pick([null, ...runs])
        const agent = random.pick([null, 'herald', 'cognition'])
        const call = spender.reservation(random.integer(0, 4_000), { runId, agent })
        calls.push({ id: call.id, worst: call.worstCaseMicrodollars, runId })
        const granted = await isDone(authority.reserve(call))
        count(granted ? 'granted' : 'refused')
      },
      async settle() {
        if (calls.length === 0) return
        const { id, worst } = random.pick(calls)
        const result = {
          usage: { input: 1, cachedInput: 0, output: 1, thinking: 0 },
          estimated: false,
          milliseconds: 1,
          finish: 'stop' as const,
          artifactKey: null,
        }
        await authority.settle(id, { costMicrodollars: random.integer(0, worst + 100), ...result })
      },
      async release() {
        if (calls.length === 0) return
        await authority.release(random.pick(calls).id, { code: 'X', message: 'x', milliseconds: 1 })
      },
      async sweep() {
        count((await spender.sweep()) > 0 ? 'lost' : 'nothing lost')
      },
      async wait() {
        spender.pass(random.integer(1, longestCallMinutes))
      },
      async setBudget() {
        const limit = random.pick([null, 0, 5_000, 20_000, 100_000])
        const options = { now: spender.clock.now, ...budgetDefaults }
        await spender.commit((sql) => setBudget(sql, workspaceId, limit, options))
      },
      async openRun() {
        const agents = { herald: random.integer(0, 8_000), cognition: random.integer(0, 8_000) }
        const runId = random.pick(runs)
        const limitMicrodollars = random.integer(0, 20_000)
        await spender.commit((sql) => openRunBudget(sql, { orgId, workspaceId, runId, limitMicrodollars, agents }))
      },
      async closeRun() {
        await spender.commit((sql) => closeRunBudget(sql, { workspaceId, runId: random.pick(runs) }))
      },
    }
    const names = [
      'reserve',
      'reserve',
      'reserve',
      'reserve',
      'settle',
      'settle',
      'settle',
      'release',
      'release',
      'wait',
    ]
    const rare = ['sweep', 'setBudget', 'openRun', 'closeRun']
    const actor = async () => {
      for (let turn = 0; turn < 20; turn++) {
        const name = random.next() < 0.15 ? random.pick(rare) : random.pick(names)
        // The process that was to go on with it is gone.
        await actions[name]!().catch((error) => {
          if (!(error instanceof PlatformError)) throw error
          count('crashed')
        })
      }
    }
    await Promise.all(Array.from({ length: 6 }, actor))
    await expectBalance(`round ${round}`)

    // In the end nothing is set aside any more, and who comes later changes the sums no more than the rows.
    failing = false
    spender.pass(longestCallMinutes + 1)
    await spender.sweep()
    const open = await owner`select 1 from cost_reservations where workspace_id = ${workspaceId} and state = 'reserved'`
    expect(open).toHaveLength(0)
    const [sums] = await owner`
      select sum(reserved_microdollars)::int as reserved from cost_scopes where workspace_id = ${workspaceId}`
    expect(sums?.reserved ?? 0).toBe(0)
    await Promise.all(calls.flatMap(({ id }) => [authority.release(id, { code: 'X', message: 'x', milliseconds: 1 })]))
    await expectBalance(`round ${round}, at the end`)
  }
  // All of it has happened.
  for (const what of ['granted', 'refused', 'lost', 'crashed']) expect(seen[what], what).toBeGreaterThan(10)
}, 600_000)

test('a process that dies between the call and its booking leaves the worst case spent, never less', async () => {
  const spender = await createSpender(database)
  const { workspaceId } = spender
  const options = { now: spender.clock.now, ...budgetDefaults }
  await spender.commit((sql) => setBudget(sql, workspaceId, 10_000, options))
  for (let died = 0; died < 10; died++) await spender.reserve(1_000)
  expect(await isDone(spender.reserve(1))).toBe(false)
  spender.pass(longestCallMinutes + 1)
  await Promise.all(Array.from({ length: 4 }, () => spender.sweep()))
  expect(await isDone(spender.reserve(1))).toBe(false)
  const [row] = await owner`
    select spent_microdollars::int as spent, reserved_microdollars::int as reserved
    from cost_scopes where workspace_id = ${workspaceId}`
  expect(row).toEqual({ spent: 10_000, reserved: 0 })
  await expectBalance('at the end')
})
