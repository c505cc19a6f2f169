import postgres from 'postgres'
import { getDefaults } from 'valibot'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { createTenants } from '../../../../tests/setup/tenancy.ts'
import { ConfigSchema } from '../../../config.ts'
import { type Database, nobody } from '../../../platform/database/index.ts'
import { defaultBudget } from '../../costs/money.ts'
import type { Sql } from '../../sql.ts'
import { listPlans, maximumSeats, priceOf } from '../catalogue/plans.ts'
import { featureNames, type Limits } from './features.ts'
import { grantEntitlement, setContract, withdrawEntitlement } from './grant.ts'
import { readEntitlement } from './read.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql

const at = new Date('2026-11-21T12:00:00Z')
const day = 86_400_000
const defaultPlanId = 'free'

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

async function organization() {
  const { orgId, ownerId } = await createTenants(database).organization()
  const run = <Result>(work: (sql: Sql) => Promise<Result>) =>
    database.transaction({ ...nobody, orgId, workspaceId: 'any' }, work)
  return {
    orgId,
    ownerId,
    run,
    read: (moment = at) => run((sql) => readEntitlement(sql, { orgId, at: moment, defaultPlanId })),
  }
}

/** What the catalogue says of a plan. */
async function limitsOf(planId: string): Promise<Limits> {
  const rows = await owner`select feature, quantity from plan_limits where plan_id = ${planId}`
  return Object.fromEntries(rows.map(({ feature, quantity }) => [feature, quantity === null ? null : Number(quantity)]))
}

describe('the catalogue', () => {
  const inCatalogue = <Result>(work: (sql: Sql) => Promise<Result>) => database.transaction(nobody, work)

  test('shows everyone what is sold, from the smallest plan to the largest, and nothing else', async () => {
    const plans = await inCatalogue((sql) => listPlans(sql, at))
    expect(plans.map(({ id }) => id)).toEqual(['free', 'team', 'business'])
    expect(plans[0]!.prices).toEqual([])
    expect(plans[1]).toMatchObject({
      trial_days: 14,
      prices: [
        { period: 'month', base_paise: 499_900, included_seats: 5, seat_paise: 89_900 },
        { period: 'year', base_paise: 4_999_000, included_seats: 5, seat_paise: 899_000 },
      ],
    })
    for (const { limits } of plans) expect(Object.keys(limits).sort()).toEqual([...featureNames].sort())
  })

  test('says of every plan how much of each feature it has', async () => {
    const [{ plans, limits } = { plans: 0, limits: 0 }] = await owner<{ plans: number; limits: number }[]>`
      select (select count(*)::int from plans) as plans, (select count(*)::int from plan_limits) as limits`
    expect(limits).toBe(plans * featureNames.length)
  })

  test('gives for nothing at least what an installation allows by default: budgets for models, and requests', async () => {
    const [defaults, free] = [getDefaults(ConfigSchema), await limitsOf('free')]
    const budget = defaultBudget({ MONTHLY_WORKSPACE_BUDGET_USD: defaults.MONTHLY_WORKSPACE_BUDGET_USD! })
    expect(free.model_budget_microdollars ?? Infinity).toBeGreaterThanOrEqual(budget)
    const requests = Number(defaults.RATE_LIMIT_PRINCIPAL_PER_MINUTE)
    expect(free.requests_per_minute ?? Infinity).toBeGreaterThanOrEqual(requests)
  })

  test('a further seat costs its price, and the lines sum up', async () => {
    const price = await inCatalogue((sql) => priceOf(sql, { planId: 'team', period: 'month', seats: 8, at }))
    expect(price.net_paise).toBe(499_900 + 3 * 89_900)
    expect(price.lines.map(({ quantity, unit_paise, net_paise }) => [quantity, unit_paise, net_paise])).toEqual([
      [1, 499_900, 499_900],
      [3, 89_900, 269_700],
    ])
    const least = await inCatalogue((sql) => priceOf(sql, { planId: 'team', period: 'month', seats: 1, at }))
    expect(least).toMatchObject({ net_paise: 499_900, included_seats: 5 })
    expect(least.lines).toHaveLength(1)
  })

  test('a year costs ten months', async () => {
    for (const planId of ['team', 'business']) {
      const [month, year] = await inCatalogue((sql) =>
        Promise.all((['month', 'year'] as const).map((period) => priceOf(sql, { planId, period, seats: 40, at }))),
      )
      expect(year!.net_paise).toBe(10 * month!.net_paise)
    }
  })

  test('a price holds from its date to the millisecond, and the one before until then', async () => {
    const from = new Date('2027-04-01T00:00:00+05:30')
    await owner`
      insert into plan_prices (id, plan_id, period, valid_from, base_paise, included_seats, seat_paise)
      values (gen_random_uuid(), 'business', 'month', ${from}, 1699900, 15, 139900)`
    const baseAt = async (moment: Date) =>
      (await inCatalogue((sql) => priceOf(sql, { planId: 'business', period: 'month', seats: 1, at: moment })))
        .base_paise
    expect(await baseAt(new Date(from.getTime() - 1))).toBe(1_499_900)
    expect(await baseAt(from)).toBe(1_699_900)
    const shown = async (moment: Date) =>
      (await inCatalogue((sql) => listPlans(sql, moment)))[2]!.prices.map(({ base_paise }) => base_paise)
    expect(await shown(new Date(from.getTime() - 1))).toEqual([1_499_900, 14_999_000])
    expect(await shown(from)).toEqual([1_699_900, 14_999_000])
  })

  test.each([['free'], ['enterprise'], ['nonsense']])('%s is not for sale', async (planId) => {
    const asked = inCatalogue((sql) => priceOf(sql, { planId, period: 'month', seats: 5, at }))
    await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test.each([[0], [-1], [1.5], [maximumSeats + 1], [Number.NaN]])('%d seats are not to be had', async (seats) => {
    const asked = inCatalogue((sql) => priceOf(sql, { planId: 'team', period: 'month', seats, at }))
    await expect(asked).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  })
})

describe('what an organization may use', () => {
  test('is the default plan while nothing was bought', async () => {
    const { read } = await organization()
    const limits = await limitsOf('free')
    expect(await read()).toEqual({
      ...{ plan_id: 'free', plan_name: 'Free', is_default: true, until: null },
      ...{ seats: limits.seats, limits },
    })
  })

  test('is what was bought, until its end and not a millisecond longer', async () => {
    const { orgId, run, read } = await organization()
    const until = new Date(at.getTime() + day)
    await run((sql) => grantEntitlement(sql, { orgId, planId: 'team', seats: 7, until }))
    expect(await read()).toMatchObject({ plan_id: 'team', is_default: false, seats: 7, until: until.toISOString() })
    expect((await read()).limits).toEqual({ ...(await limitsOf('team')), seats: 7 })
    expect(await read(new Date(until.getTime() - 1))).toMatchObject({ plan_id: 'team' })
    expect(await read(until)).toMatchObject({ plan_id: 'free', is_default: true, until: null })
  })

  test('is the same however often it is granted, and the default again when it is withdrawn', async () => {
    const { orgId, run, read } = await organization()
    const grant = { orgId, planId: 'team', seats: 5, until: null }
    await run((sql) => grantEntitlement(sql, grant))
    await run((sql) => grantEntitlement(sql, { ...grant, planId: 'business', seats: 20 }))
    expect(await read()).toMatchObject({ plan_id: 'business', seats: 20 })
    await run((sql) => withdrawEntitlement(sql, orgId))
    await run((sql) => withdrawEntitlement(sql, orgId))
    expect(await read()).toMatchObject({ plan_id: 'free', is_default: true })
  })

  test('is what a contract says over the plan, also when something is bought afterwards', async () => {
    const { orgId, run, read } = await organization()
    const overrides = { documents: 5000, runs: null, seats: null }
    await run((sql) => setContract(sql, { orgId, planId: 'team', seats: 5, until: null, overrides }))
    expect(await read()).toMatchObject({ seats: null, limits: { ...(await limitsOf('team')), ...overrides } })
    await run((sql) => grantEntitlement(sql, { orgId, planId: 'business', seats: 15, until: null }))
    expect(await read()).toMatchObject({
      plan_id: 'business',
      limits: { ...(await limitsOf('business')), ...overrides },
    })
  })

  test('is nothing at all of a plan that nobody knows', async () => {
    const { orgId, run } = await organization()
    const entitlement = await run((sql) => readEntitlement(sql, { orgId, at, defaultPlanId: 'nonsense' }))
    expect(Object.values(entitlement.limits)).toEqual(featureNames.map(() => 0))
    const contract = { orgId, planId: 'nonsense', seats: 1, until: null, overrides: {} }
    await expect(run((sql) => setContract(sql, contract))).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  })

  test('is nobody else’s business', async () => {
    const [one, other] = [await organization(), await organization()]
    await one.run((sql) => grantEntitlement(sql, { orgId: one.orgId, planId: 'team', seats: 5, until: null }))
    const seen = await other.run((sql) => readEntitlement(sql, { orgId: one.orgId, at, defaultPlanId }))
    expect(seen).toMatchObject({ plan_id: 'free', is_default: true })
    await other.run((sql) => withdrawEntitlement(sql, one.orgId))
    expect(await one.read()).toMatchObject({ plan_id: 'team' })
  })
})
