import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { noteDifference } from '#shared/domain/billing/differences.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, nobody, type Scope, system } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../setup/database.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'
import { createTenants } from '../setup/tenancy.ts'
import { routes } from './routes.ts'

test('guessing at codes of coupons is dear', () => {
  const guessable = routes.filter(({ route }) =>
    JSON.stringify(route.body ?? route.query ?? {}).includes('coupon_code'),
  )
  expect(guessable.map(({ name }) => name)).toEqual(['billing-create-order', 'billing-create-subscription'])
  for (const { name, route } of guessable) expect(route.cost ?? 1, name).toBeGreaterThanOrEqual(20)
})

describe('the scope of an organization', () => {
  let clone: TestDatabase
  let database: Database
  let tenant: Scope
  const code = 'WELCOME-TEST'

  beforeAll(async () => {
    clone = await cloneDatabase(inject('clusterUrl'))
    database = clone.open()
    tenant = { ...nobody, orgId: (await createTenants(database).organization()).orgId }
    await as(system, async (sql) => {
      await sql`insert into coupons (code, percent_basis_points, duration, maximum_redemptions, valid_from)
        values (${code}, 10000, 'once', 1, now() - interval '2 days')`
      await sql`insert into settlements (gateway_settlement_id, amount_paise, status, settled_at)
        values ('setl_1', 100, 'processed', now())`
      await sql`insert into billing_checks (id, checked_at, invariant, holds) values (${newId()}, now(), 'x', true)`
      await noteDifference(sql, { orgId: null, kind: 'payment-unknown', subject: 'pay_nobodys', found: 1 })
    })
    await as(
      nobody,
      (sql) =>
        sql`insert into gateway_events (id, type, occurred_at, payload, status)
        values ('evt_nobodys', 'payment.captured', now(), '{}', 'unmatched')`,
    )
  })
  afterAll(async () => {
    await database.close()
    await clone.drop()
  })

  const as = <Result>(scope: Scope, work: (sql: Sql) => Promise<Result>) => database.transaction(scope, work)
  const denied = { code: '42501' }

  test.each([
    ['its end', (sql: Sql) => sql`update coupons set valid_until = now() + interval '1 day' where code = ${code}`],
    ['how often it can be used', (sql: Sql) => sql`update coupons set maximum_redemptions = 1000 where code = ${code}`],
    ['what it takes off', (sql: Sql) => sql`update coupons set percent_basis_points = 1 where code = ${code}`],
  ])('changes of a coupon not %s', async (_what, change) => {
    await expect(as(tenant, change)).rejects.toMatchObject(denied)
  })

  test.each([
    [
      'a coupon',
      (sql: Sql) => sql`insert into coupons (code, amount_paise, duration, valid_from)
      values ('OWN-COUPON', 100, 'once', now())`,
    ],
    ['a plan', (sql: Sql) => sql`insert into plans (id, name, rank) values ('mine', 'Mine', 99)`],
    ['a price', (sql: Sql) => sql`update plan_prices set base_paise = 0`],
    ['a limit', (sql: Sql) => sql`update plan_limits set quantity = null`],
    ['a sum of the books', (sql: Sql) => sql`update ledger_balances set balance_paise = 0`],
    [
      'a settlement',
      (sql: Sql) => sql`insert into settlements (gateway_settlement_id, amount_paise, status, settled_at)
      values ('setl_2', 1, 'processed', now())`,
    ],
    [
      'a check of the books',
      (sql: Sql) => sql`insert into billing_checks (id, checked_at, invariant, holds)
      values (${newId()}, now(), 'ledger', true)`,
    ],
    [
      'the company’s books',
      (sql: Sql) => sql`insert into ledger_transactions (id, org_id, source, kind, description, occurred_at)
      values (${newId()}, null, 'settlement:mine', 'settlement', 'Mine', now())`,
    ],
    [
      'another’s event',
      (sql: Sql) => sql`insert into gateway_events (id, org_id, type, occurred_at, payload, status)
      values ('evt_1', ${newId()}, 'x.y', now(), '{}', 'received')`,
    ],
  ])('makes no %s', async (_what, change) => {
    await expect(as(tenant, change)).rejects.toMatchObject(denied)
  })

  test('sees nothing of what is nobody’s or the company’s, and changes none of it', async () => {
    const seen = await as(tenant, async (sql) => [
      await sql`select 1 from settlements`,
      await sql`select 1 from billing_checks`,
      await sql`select 1 from billing_differences`,
      await sql`select 1 from gateway_events`,
      await sql`select 1 from ledger_transactions where org_id is null`,
      await sql`update gateway_events set status = 'applied' returning 1`,
      await sql`update billing_differences set status = 'resolved' returning 1`,
      await sql`update settlements set amount_paise = 0 returning 1`,
    ])
    expect(seen.flat()).toEqual([])
  })

  test('is as it was after asking whose something is', async () => {
    const seen = await as(tenant, async (sql) => {
      await sql`select billing_org_of('pay_nobodys')`
      return sql`select 1 from settlements`
    })
    expect(seen).toEqual([])
  })
})

test('functions with the rights of the schema’s owner find nothing by a search path; sums of the books are for their trigger', async () => {
  const clone = await cloneDatabase(inject('clusterUrl'))
  const database = clone.open()
  const functions = await database.transaction(
    nobody,
    (sql) => sql<{ name: string; settings: string; callable: boolean }[]>`
      select proname as name, coalesce(array_to_string(proconfig, ';'), '') as settings,
        has_function_privilege('adapt_app', oid, 'execute') as callable
      from pg_proc where prosecdef and pronamespace = 'public'::regnamespace`,
  )
  for (const { name, settings } of functions) expect(settings, name).toContain('search_path=pg_catalog, pg_temp')
  expect(functions.find(({ name }) => name === 'ledger_entries_written')).toMatchObject({ callable: false })
  await database.close()
  await clone.drop()
})

describe('where a real gateway is set', () => {
  let product: TestProduct

  beforeAll(async () => {
    product = await startTestProduct(inject('clusterUrl'), { RAZORPAY_KEY_ID: 'rzp_live_29QQoUBi66xm2f' })
  })
  afterAll(() => product.stop())

  test.each(['checkout/order_00000000000000', 'mandate/sub_00000000000000', 'v1/orders', 'local/settlements'])(
    'there is none beside it that takes no money: /razorpay/%s is nowhere',
    async (path) => {
      for (const method of ['GET', 'POST']) {
        const answer = await call(product.url, method, `/razorpay/${path}`)
        expect([answer.status, answer.body.error.code]).toEqual([404, 'NOT_FOUND'])
      }
    },
  )

  test('no webhook is believed as long as there is no secret for them', async () => {
    const answer = await call(product.url, 'POST', '/v1/webhooks/razorpay', {
      rawBody: '{}',
      headers: { 'x-razorpay-signature': 'a'.repeat(64) },
    })
    expect(answer.status).toBe(503)
  })
})
