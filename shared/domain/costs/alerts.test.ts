import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { budgetDefaults, createSpender } from '../../../tests/setup/costs.ts'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import type { Database } from '../../platform/database/index.ts'
import { setBudget } from './budgets.ts'

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

/** A workspace with a budget of its own of a thousand microdollars. */
async function createTight() {
  const spender = await createSpender(database)
  const limit = (microdollars: number | null) =>
    spender.commit((sql) =>
      setBudget(sql, spender.workspaceId, microdollars, { now: spender.clock.now, ...budgetDefaults }),
    )
  await limit(1_000)
  return {
    ...spender,
    limit,
    spend: async (microdollars: number) => spender.settle(await spender.reserve(microdollars), microdollars),
    /** What the owner was told, the oldest first. */
    told: async (userId = spender.ownerId) =>
      (
        await owner`select title from notifications
          where user_id = ${userId} and kind = 'budget.threshold_reached' order by id`
      ).map(({ title }) => /^(\d+ %|The model budget is used up)/.exec(title)?.[0]),
  }
}

describe('managers are told', () => {
  test('when half, four fifths and all of the month’s budget is spent, once each', async () => {
    const { spend, told } = await createTight()
    await spend(499)
    expect(await told()).toEqual([])
    await spend(1)
    await spend(100)
    expect(await told()).toEqual(['50 %'])
    await spend(200)
    await spend(100)
    expect(await told()).toEqual(['50 %', '80 %'])
    await spend(100)
    await spend(0)
    expect(await told()).toEqual(['50 %', '80 %', 'The model budget is used up'])
  })

  test('of the highest share alone when one call goes beyond several', async () => {
    const { spend, told } = await createTight()
    await spend(850)
    expect(await told()).toEqual(['80 %'])
  })

  test('when calls are refused with less than a fifth left, for the last cents of a budget are never spent', async () => {
    const { spend, reserve, told } = await createTight()
    await expect(reserve(1_001)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    expect(await told()).toEqual([])
    await spend(990)
    for (let again = 0; again < 3; again++) {
      await expect(reserve(11)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    }
    expect(await told()).toEqual(['80 %', 'The model budget is used up'])
  })

  test('each once, however many calls end at the same time', async () => {
    const { reserve, settle, told } = await createTight()
    const ids = await Promise.all(Array.from({ length: 20 }, () => reserve(50)))
    await Promise.all(ids.map((id) => settle(id, 50)))
    expect(await told()).toEqual(['50 %', '80 %', 'The model budget is used up'])
  })

  test('anew in the next month, and of another budget', async () => {
    const { spend, told, clock, limit } = await createTight()
    await spend(600)
    await limit(10_000)
    await spend(4_000)
    await spend(399)
    expect(await told()).toEqual(['50 %'])
    await spend(100)
    expect(await told()).toEqual(['50 %', '50 %'])
    clock.now = new Date('2026-12-01T00:00:00Z')
    await spend(5_000)
    expect(await told()).toEqual(['50 %', '50 %', '50 %'])
  })

  test('when a budget is lowered to what is spent already; and of a budget of nothing not at all', async () => {
    const { spend, told, limit } = await createTight()
    await spend(100)
    await limit(120)
    expect(await told()).toEqual(['80 %'])
    await limit(0)
    await expect(spend(1)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    expect(await told()).toEqual(['80 %'])
  })

  test('who are owners and admins of the organization; nobody else', async () => {
    const { orgId, spend, told } = await createTight()
    const { join } = createTenants(database)
    const [admin, editor, suspended] = [
      await join(orgId, 'admin'),
      await join(orgId, 'editor'),
      await join(orgId, 'admin'),
    ]
    await owner`update memberships set disabled_at = now() where user_id = ${suspended}`
    await spend(500)
    expect(await Promise.all([admin, editor, suspended].map((id) => told(id)))).toEqual([['50 %'], [], []])
  })
})
