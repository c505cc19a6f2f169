import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { budgetDefaults, createSpender, defaultBudgetMicrodollars, findImbalances } from '../../../tests/setup/costs.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import type { Database } from '../../platform/database/index.ts'
import { newId } from '../ids.ts'
import { readBudget, setBudget } from './budgets.ts'
import { closeRunBudget, openRunBudget, readRunBudget } from './run-budgets.ts'
import { longestCallMinutes } from './sweep.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(4)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

type Spender = Awaited<ReturnType<typeof createSpender>>

const budgetOf = ({ commit, workspaceId, clock }: Spender) =>
  commit((sql) => readBudget(sql, workspaceId, { now: clock.now, ...budgetDefaults }))
const limit = (spender: Spender, microdollars: number | null) =>
  spender.commit((sql) =>
    setBudget(sql, spender.workspaceId, microdollars, { now: spender.clock.now, ...budgetDefaults }),
  )
const logsOf = ({ workspaceId }: Spender) =>
  owner`select id, cost_microdollars::int as cost, finish, estimated, uncovered_microdollars::float8 as uncovered, failure,
      occurred_at, milliseconds
    from cost_logs where workspace_id = ${workspaceId} order by id`

/** A run with a budget, and one for its agent `cognition`. */
async function openRun({ orgId, workspaceId, commit }: Spender, whole: number, cognition: number) {
  const runId = newId()
  const budget = { orgId, workspaceId, runId, limitMicrodollars: whole, agents: { cognition } }
  await commit((sql) => openRunBudget(sql, budget))
  return { runId, budget, read: () => commit((sql) => readRunBudget(sql, { workspaceId, runId })) }
}

async function expectBalance(): Promise<void> {
  expect([...(await findImbalances(owner))]).toEqual([])
}

describe('a call', () => {
  test('sets its worst case aside, and is booked at what it cost', async () => {
    const spender = await createSpender(database)
    const id = await spender.reserve(2_000_000)
    expect(await budgetOf(spender)).toMatchObject({
      month: '2026-11',
      limit_microdollars: 25_000_000,
      is_default: true,
      spent_microdollars: 0,
      reserved_microdollars: 2_000_000,
      left_microdollars: 23_000_000,
      resets_at: '2026-12-01T00:00:00.000Z',
    })
    await spender.settle(id, 500_000)
    expect(await budgetOf(spender)).toMatchObject({ spent_microdollars: 500_000, reserved_microdollars: 0 })
    expect([...(await logsOf(spender))]).toMatchObject([{ id, cost: 500_000, finish: 'stop', uncovered: 0 }])
    await expectBalance()
  })

  test('that failed for nothing gives everything back, and its failure is logged', async () => {
    const spender = await createSpender(database)
    const id = await spender.reserve(2_000_000)
    await spender.release(id)
    expect(await budgetOf(spender)).toMatchObject({ spent_microdollars: 0, reserved_microdollars: 0 })
    const failure = { code: 'UNAVAILABLE', message: 'overloaded' }
    expect([...(await logsOf(spender))]).toMatchObject([{ id, cost: 0, finish: 'failed', failure }])
    await expectBalance()
  })

  test('never costs more than was set aside; what it is said to have cost beyond is logged', async () => {
    const spender = await createSpender(database)
    await spender.settle(await spender.reserve(1_000), 1_700)
    expect(await budgetOf(spender)).toMatchObject({ spent_microdollars: 1_000 })
    expect([...(await logsOf(spender))]).toMatchObject([{ cost: 1_000, uncovered: 700 }])
    await expectBalance()
  })

  test('with figures that are none is booked at its worst case, with fractions at whole microdollars', async () => {
    const spender = await createSpender(database)
    const usage = { input: Number.NaN, cachedInput: -5, output: 1e300, thinking: 0.4 }
    await spender.settle(await spender.reserve(1_000), Number.NaN, { usage, milliseconds: 1e12 })
    await spender.settle(await spender.reserve(1_000), 10.000001)
    await spender.settle(await spender.reserve(1_000), -3)
    await spender.settle(await spender.reserve(1_000), Number.POSITIVE_INFINITY)
    const logs = await logsOf(spender)
    expect(logs.map(({ cost }) => cost)).toEqual([1_000, 11, 0, 1_000])
    await expectBalance()
  })

  test('whose worst case is no amount is refused, and nothing is set aside', async () => {
    const spender = await createSpender(database)
    for (const worst of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY, 2 ** 60]) {
      await expect(spender.reserve(worst)).rejects.toThrow(RangeError)
    }
    expect(await budgetOf(spender)).toMatchObject({ reserved_microdollars: 0 })
  })

  test('that costs nothing is made even when nothing is left', async () => {
    const spender = await createSpender(database)
    await spender.settle(await spender.reserve(1_000), 1_000)
    await limit(spender, 0)
    await spender.settle(await spender.reserve(0), 0)
    await expect(spender.reserve(1)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
  })
})

describe('said twice', () => {
  test('a reservation is one, also at the same time', async () => {
    const spender = await createSpender(database)
    const made = spender.reservation(1_000)
    await Promise.all(Array.from({ length: 8 }, () => spender.authority.reserve(made)))
    expect(await budgetOf(spender)).toMatchObject({ reserved_microdollars: 1_000 })
    await expectBalance()
  })

  test('a reservation that takes the whole budget is still granted to whoever asks again', async () => {
    const spender = await createSpender(database)
    const made = spender.reservation(defaultBudgetMicrodollars)
    await spender.authority.reserve(made)
    await spender.authority.reserve(made)
    await expectBalance()
  })

  test('a reservation of a call that has ended is refused: nothing is set aside for it', async () => {
    const spender = await createSpender(database)
    const made = spender.reservation(1_000)
    await spender.authority.reserve(made)
    await spender.settle(made.id, 10)
    await expect(spender.authority.reserve(made)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expectBalance()
  })

  test('the first end of a call stays, whatever comes later', async () => {
    const spender = await createSpender(database)
    const [settled, released] = [await spender.reserve(1_000), await spender.reserve(1_000)]
    await spender.settle(settled, 300)
    await spender.release(released)
    for (let again = 0; again < 2; again++) {
      await spender.settle(settled, 900)
      await spender.release(settled)
      await spender.settle(released, 900)
    }
    expect((await logsOf(spender)).map(({ cost }) => cost)).toEqual([300, 0])
    expect(await budgetOf(spender)).toMatchObject({ spent_microdollars: 300, reserved_microdollars: 0 })
    await expectBalance()
  })

  test('eight ends at the same time are one', async () => {
    const spender = await createSpender(database)
    const id = await spender.reserve(1_000)
    await Promise.all(
      Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? spender.settle(id, 300) : spender.release(id))),
    )
    expect(await logsOf(spender)).toHaveLength(1)
    await expectBalance()
  })

  test('the end of an unknown call is nothing', async () => {
    const spender = await createSpender(database)
    await spender.settle(newId(), 5)
    await spender.release(newId())
    expect(await logsOf(spender)).toHaveLength(0)
  })
})

describe('a refusal', () => {
  test('names the budget, its limit, what is left and what the call may cost', async () => {
    const spender = await createSpender(database)
    await limit(spender, 10_000_000)
    await spender.settle(await spender.reserve(9_000_000), 8_987_500)
    await spender.reserve(1_000_000)
    await expect(spender.reserve(12_501)).rejects.toMatchObject({
      code: 'BUDGET_EXCEEDED',
      message:
        'The budget of this workspace for 2026-11 (UTC) is $10.00: $0.0125 is left, and the call may cost $0.012501',
    })
    await spender.reserve(12_500)
    await expectBalance()
  })

  test('of a run or an agent takes nothing from the others', async () => {
    const spender = await createSpender(database)
    const { runId, read } = await openRun(spender, 5_000, 2_000)
    await expect(spender.reserve(5_001, { runId })).rejects.toThrow('The budget of this run is $0.005: $0.005 is left')
    await expect(spender.reserve(2_001, { runId, agent: 'cognition' })).rejects.toThrow(
      'The budget of the agent cognition in this run is $0.002',
    )
    expect(await read()).toMatchObject({
      reserved_microdollars: 0,
      agents: { cognition: { reserved_microdollars: 0 } },
    })
    expect(await budgetOf(spender)).toMatchObject({ reserved_microdollars: 0 })
    await expectBalance()
  })
})

describe('the budget of a run', () => {
  test('holds its calls, that of an agent those of the agent, and the workspace’s all', async () => {
    const spender = await createSpender(database)
    const { runId, read } = await openRun(spender, 5_000, 2_000)
    const first = await spender.reserve(2_000, { runId, agent: 'cognition' })
    await spender.reserve(2_000, { runId, agent: 'herald' })
    await spender.settle(first, 500)
    expect(await read()).toEqual({
      limit_microdollars: 5_000,
      spent_microdollars: 500,
      reserved_microdollars: 2_000,
      agents: { cognition: { limit_microdollars: 2_000, spent_microdollars: 500, reserved_microdollars: 0 } },
    })
    await expect(spender.reserve(2_501, { runId })).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    await spender.reserve(2_500, { runId })
    expect(await budgetOf(spender)).toMatchObject({ spent_microdollars: 500, reserved_microdollars: 4_500 })
    await expectBalance()
  })

  test('that was never opened holds nothing, and calls made before it was are not given back to it', async () => {
    const spender = await createSpender(database)
    const runId = newId()
    const before = await spender.reserve(1_000, { runId, agent: 'cognition' })
    const { orgId, workspaceId } = spender
    await spender.commit((sql) =>
      openRunBudget(sql, { orgId, workspaceId, runId, limitMicrodollars: 5, agents: { cognition: 5 } }),
    )
    await spender.settle(before, 700)
    expect(await spender.commit((sql) => readRunBudget(sql, { workspaceId, runId }))).toMatchObject({
      spent_microdollars: 0,
    })
    await expectBalance()
  })

  test('refuses calls of a run that has ended, books those under way, and goes on when the run is tried again', async () => {
    const spender = await createSpender(database)
    const { workspaceId } = spender
    const { runId, budget, read } = await openRun(spender, 5_000, 5_000)
    const id = await spender.reserve(1_000, { runId, agent: 'cognition' })
    await spender.commit((sql) => closeRunBudget(sql, { workspaceId, runId }))
    await expect(spender.reserve(0, { runId })).rejects.toMatchObject({ code: 'CONFLICT' })
    await spender.settle(id, 400)
    await spender.commit((sql) => openRunBudget(sql, budget))
    await expect(spender.reserve(4_601, { runId })).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    await spender.reserve(4_600, { runId })
    expect(await read()).toMatchObject({ spent_microdollars: 400, reserved_microdollars: 4_600 })
    await expectBalance()
  })

  test('is whole microdollars, not less than none', async () => {
    const spender = await createSpender(database)
    for (const wrong of [-1, 0.5, Number.NaN, 2 ** 60]) {
      await expect(openRun(spender, wrong, 1)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
      await expect(openRun(spender, 1, wrong)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    }
  })
})

describe('a lost call', () => {
  test('is booked at its worst case once no call can be under way any more, and not a minute before', async () => {
    const spender = await createSpender(database)
    const { runId, read } = await openRun(spender, 5_000, 5_000)
    const id = await spender.reserve(1_000, { runId, agent: 'cognition' })
    spender.pass(longestCallMinutes)
    await spender.sweep()
    expect(await logsOf(spender)).toHaveLength(0)
    spender.pass(1)
    await spender.sweep()
    await spender.sweep()
    expect([...(await logsOf(spender))]).toMatchObject([
      { id, cost: 1_000, finish: 'lost', estimated: true, milliseconds: (longestCallMinutes + 1) * 60_000 },
    ])
    expect(await read()).toMatchObject({
      spent_microdollars: 1_000,
      reserved_microdollars: 0,
      agents: { cognition: { spent_microdollars: 1_000, reserved_microdollars: 0 } },
    })
    await expectBalance()
  })

  test.each([
    ['settled', 400, 'stop'],
    ['released', 0, 'failed'],
  ] as const)('that comes back late as %s is booked at what it cost', async (how, cost, finish) => {
    const spender = await createSpender(database)
    const { runId, read } = await openRun(spender, 5_000, 5_000)
    const id = await spender.reserve(1_000, { runId, agent: 'cognition' })
    spender.pass(longestCallMinutes + 1)
    await spender.sweep()
    for (let again = 0; again < 2; again++) await (how === 'settled' ? spender.settle(id, 400) : spender.release(id))
    await spender.sweep()
    expect([...(await logsOf(spender))]).toMatchObject([{ id, cost, finish, estimated: false }])
    expect(await read()).toMatchObject({ spent_microdollars: cost, reserved_microdollars: 0 })
    expect(await budgetOf(spender)).toMatchObject({ spent_microdollars: cost, reserved_microdollars: 0 })
    await expectBalance()
  })
})

describe('a month', () => {
  test('begins with nothing spent, and what was set aside in the last one is booked there', async () => {
    const spender = await createSpender(database, new Date('2026-11-30T23:59:59.999Z'))
    const id = await spender.reserve(25_000_000)
    await expect(spender.reserve(1)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    spender.clock.now = new Date('2026-12-01T00:00:00.000Z')
    await spender.reserve(25_000_000)
    await spender.settle(id, 24_000_000)
    expect(await budgetOf(spender)).toMatchObject({ month: '2026-12', spent_microdollars: 0, left_microdollars: 0 })
    const rows = await owner`
      select key, spent_microdollars::int as spent from cost_scopes where workspace_id = ${spender.workspaceId} order by key`
    expect([...rows]).toEqual([
      { key: '2026-11', spent: 24_000_000 },
      { key: '2026-12', spent: 0 },
    ])
    expect((await logsOf(spender))[0]?.occurred_at.toISOString()).toBe('2026-11-30T23:59:59.999Z')
    await expectBalance()
  })

  test('has the budget that was set last, also if that was before it began', async () => {
    const spender = await createSpender(database)
    await limit(spender, 3_000)
    await limit(spender, 2_000)
    spender.clock.now = new Date('2027-01-05T00:00:00Z')
    await expect(spender.reserve(2_001)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    await spender.reserve(2_000)
    await limit(spender, null)
    expect(await budgetOf(spender)).toMatchObject({ is_default: true, left_microdollars: 25_000_000 - 2_000 })
  })
})

describe('a budget that is lowered', () => {
  test('below what is set aside lets the calls under way end, and no other begin', async () => {
    const spender = await createSpender(database)
    const ids = [await spender.reserve(4_000), await spender.reserve(4_000)]
    const { budget, before } = await limit(spender, 5_000)
    expect(before).toBeNull()
    expect(budget).toMatchObject({ reserved_microdollars: 8_000, left_microdollars: 0, is_default: false })
    await expect(spender.reserve(1)).rejects.toThrow('$0.005: $0.00 is left')
    await spender.settle(ids[0]!, 4_000)
    await spender.release(ids[1]!)
    await expect(spender.reserve(1_001)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    await spender.reserve(1_000)
    await expectBalance()
  })

  test('holds for every call that asks after it was answered', async () => {
    const spender = await createSpender(database)
    await spender.reserve(0)
    for (let turn = 0; turn < 20; turn++) {
      await limit(spender, 1_000_000)
      const asked = Array.from({ length: 4 }, () => spender.reserve(1_000).catch(() => null))
      await limit(spender, 0)
      await expect(spender.reserve(1)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
      for (const id of await Promise.all(asked)) if (id) await spender.release(id)
    }
    await expectBalance()
  })
})

test('nothing is set aside for a workspace that is being deleted, nor for another organization’s', async () => {
  const [spender, other] = [await createSpender(database), await createSpender(database)]
  await expect(spender.reserve(1, { workspaceId: other.workspaceId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await other.reserve(1)
  await expect(spender.reserve(1, { workspaceId: other.workspaceId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const id = await other.reserve(5)
  await spender.settle(id, 5)
  expect(await budgetOf(other)).toMatchObject({ spent_microdollars: 0, reserved_microdollars: 6 })
  await owner`update workspaces set deleting_at = now() where id = ${other.workspaceId}`
  await expect(other.reserve(1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await other.settle(id, 5)
  await expectBalance()
})
