import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { noteDifference } from '#shared/domain/billing/differences.ts'
import { postTransaction } from '#shared/domain/billing/ledger/post.ts'
import { capturePosting } from '#shared/domain/billing/ledger/postings.ts'
import { newId } from '#shared/domain/ids.ts'
import { nobody, system } from '#shared/platform/database/index.ts'
import { createWorld, type World } from '../../tests/contract/world.ts'
import { call } from '../../tests/setup/product.ts'

const program = fileURLToPath(new URL('../adapt.ts', import.meta.url))
const nightly = 'billing-check-invariants'

let world: World
let owner: postgres.Sql

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  owner = postgres(world.product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await world.stop()
})

/** Runs `npm run adapt -- billing …` as its own process. */
function billing(args: string[], token = world.tokens.operator) {
  return new Promise<{ code: number; output: string; errors: string }>((resolve) => {
    execFile(
      process.execPath,
      [program, 'billing', ...args, '--url', world.product.url, '--token', token],
      { env: { PATH: process.env.PATH }, cwd: tmpdir() },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    )
  })
}

const operator = (method: string, path: string, body?: unknown) =>
  call(world.product.url, method, `/v1/operator/billing${path}`, { token: world.tokens.operator, body })

/** The night comes. */
async function checkBooks(): Promise<void> {
  const { declaration } = world.product.functions.find(({ name }) => name === nightly)!
  expect(await world.deliver(nightly, declaration, { body: '' })).toMatchObject({ status: 200, outcome: 'done' })
}

const capture = (orgId: string, gatewayPaymentId: string, amountPaise: number) =>
  world.services.database.transaction({ ...nobody, orgId }, (sql) =>
    postTransaction(sql, capturePosting({ orgId, gatewayPaymentId, amountPaise, capturedAt: new Date() })),
  )

describe('adapt billing', { timeout: 120_000 }, () => {
  test('takes an action, and only from an operator', async () => {
    const ofAnother = ['status', '--from', '2026-11-01']
    for (const args of [[], ['nonsense'], ['status', 'invariants'], ofAnother, ['reconcile', '--to', 'soon']]) {
      expect(await billing(args)).toMatchObject({ code: 2, output: '' })
    }
    const refused = await billing(['status'], world.tokens.owner)
    expect(refused).toMatchObject({ code: 1, output: '' })
    expect(refused.errors).toContain('Only operators')
  })

  test('of books that were never looked through says so, and looks through them', async () => {
    const status = await billing(['status'])
    expect(status).toMatchObject({ code: 0, errors: '' })
    expect(status.output).toContain('The books were not looked through yet.')
    const invariants = await billing(['invariants'])
    expect(invariants).toMatchObject({ code: 0, errors: '' })
    expect(invariants.output).not.toContain('BROKEN')
    expect(invariants.output).toContain('holds   Each ledger transaction')
  })

  test('compares with the gateway, in a window of at most 31 days that is over', async () => {
    const usual = await billing(['reconcile'])
    expect(usual).toMatchObject({ code: 0, errors: '' })
    expect(usual.output).toMatch(/^From 20.*\n {2}repaired now +0\n(.*\n)+\nNew differences: none\n$/)
    const window = ['--from', '2026-11-01', '--to', '2026-11-02T05:30:00+05:30']
    const chosen = await billing(['reconcile', '--json', ...window])
    expect(JSON.parse(chosen.output)).toMatchObject({
      from: '2026-11-01T00:00:00.000Z',
      to: '2026-11-02T00:00:00.000Z',
      repairs: 0,
      new_differences: [],
    })
    const refused = await billing(['reconcile', '--from', '2026-01-01', '--to', '2026-03-01'])
    expect(refused).toMatchObject({ code: 1, output: '' })
  })

  test('shows what waits, what differs, balances of all organizations, and exits with 1 for what is broken', async () => {
    const { orgId, strangerOrgId } = world
    // Booked as captured, of payments that there aren't: so the books are wrong.
    await capture(orgId, 'pay_mine', 1_23_456_05)
    await capture(strangerOrgId, 'pay_theirs', 1)
    await world.services.database.transaction(system, (sql) =>
      noteDifference(sql, { orgId: null, kind: 'payment-unknown', subject: 'pay_x', amountPaise: 500 }),
    )
    await owner`insert into gateway_events (id, type, occurred_at, payload, status)
      values ('e1', 'payment.captured', now(), '{}', 'unmatched')`
    await checkBooks()

    const status = await billing(['status'])
    expect(status).toMatchObject({ code: 0, errors: '' })
    expect(status.output).toMatch(/1100 {2}Gateway clearing: captured, not settled yet +₹1,23,456\.06/)
    expect(status.output).toMatch(/2000 {2}Customer advances and credits +-₹1,23,456\.06/)
    expect(status.output).toMatch(/payment-unknown {2}1 {2}₹5\.00/)
    expect(status.output).toMatch(/events of nothing known {2}1 {2}since 20/)
    expect(status.output).toMatch(/BROKEN {2}Each captured payment is booked once/)
    expect(status.output).toContain(
      `captures-booked-once: payment:pay_mine of ${orgId}: expected nothing, found 12345605`,
    )

    const invariants = await billing(['invariants', '--json'])
    expect(invariants.code).toBe(1)
    const check = JSON.parse(invariants.output)
    expect(check.holds).toBe(false)
    expect(check.invariants.filter((one: { holds: boolean }) => !one.holds)).toMatchObject([
      { invariant: 'clearing-explained', violations: [{ expected: '0', found: '12345606' }] },
      { invariant: 'captures-booked-once', violations: [{}, {}] },
    ])
  })
})

test('what a look has found is kept for 400 days, and the newest is shown', async () => {
  await owner`insert into billing_checks (id, checked_at, invariant, holds)
    values (${newId()}, now() - interval '401 days', 'old', true), (${newId()}, now() - interval '399 days', 'old', true)`
  await checkBooks()
  const [kept] = await owner`select count(*)::int as old from billing_checks where invariant = 'old'`
  expect(kept?.old).toBe(1)
  const { body } = await operator('GET', '')
  expect(body.last_check.invariants.map(({ invariant }: { invariant: string }) => invariant)).not.toContain('old')
})

test('an operator closes a difference once, its organization’s audit log tells, and it opens again for what is new', async () => {
  const { orgId } = world
  const note = (found: number) =>
    world.services.database.transaction({ ...nobody, orgId }, (sql) =>
      noteDifference(sql, { orgId, kind: 'amount-differs', subject: 'pay_y', expected: 100, found }),
    )
  await note(90)
  const find = async () => (await operator('GET', '/differences?kind=amount-differs')).body.data[0]
  const { id } = await find()
  const close = () => operator('POST', `/differences/${id}/resolution`, { resolution: ' Refunded by hand ' })
  const closed = await close()
  expect(closed).toMatchObject({ status: 200, body: { status: 'resolved', resolution: 'Refunded by hand' } })
  expect(closed.body.resolved_by).toEqual(expect.any(String))
  expect((await close()).status).toBe(409)
  const log = await call(world.product.url, 'GET', '/v1/audit-logs?action=billing_difference', {
    token: world.tokens.owner,
  })
  expect(log.body.data).toMatchObject([
    { target_type: 'billing_difference', target_id: id, details: { subject: 'pay_y', resolution: 'Refunded by hand' } },
  ])
  await note(90)
  expect(await find()).toMatchObject({ status: 'resolved' })
  await note(80)
  expect(await find()).toMatchObject({ status: 'open', found: 80 })
  expect((await operator('GET', '/differences?status=resolved&kind=amount-differs')).body.data).toEqual([])
})

test('a difference of nobody’s, or of an organization that is gone, can be closed too', async () => {
  for (const orgId of [null, newId()]) {
    const subject = newId()
    await world.services.database.transaction({ ...system, orgId }, (sql) =>
      noteDifference(sql, { orgId, kind: 'refund-unknown', subject }),
    )
    const { body } = await operator('GET', '/differences?status=open&kind=refund-unknown')
    const { id } = body.data.find((one: { subject: string }) => one.subject === subject)
    const closed = await operator('POST', `/differences/${id}/resolution`, { resolution: 'Known' })
    expect(closed).toMatchObject({ status: 200, body: { org_id: orgId, status: 'resolved' } })
  }
})
