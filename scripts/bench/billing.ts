import { createHmac, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { postTransaction } from '#shared/domain/billing/ledger/post.ts'
import { capturePosting } from '#shared/domain/billing/ledger/postings.ts'
import { newId } from '#shared/domain/ids.ts'
import { type Database, nobody, openDatabase } from '#shared/platform/database/index.ts'
import { type Benchmark, median } from './benchmark.ts'
import { load, percentile } from './http/load.ts'
import { startDatabase, startServer } from './http/servers.ts'

const steadyPerSecond = 50
const steadySeconds = 20
const floodConnections = 16
const floodSeconds = 5
/** More than a flood can ask for. */
const floodOrders = 20_000
const posters = 8
const postingSeconds = 3
const rounds = 3
const ledgerOrganizations = 64

const webhookSecret = randomBytes(32).toString('hex')

/**
 * Webhooks of captured payments, each of an order of an organization of its own, at a steady rate with all that follows
 * from them (fulfilment, invoice, PDF, mail) done beside them by the same process; then as many as it takes. Postings of the
 * ledger by eight connections, each in a transaction of its own.
 */
export const bench: Benchmark = async () => {
  const ends: (() => Promise<unknown>)[] = []
  try {
    const folder = await mkdtemp(join(tmpdir(), 'adapt-billing-'))
    ends.push(() => rm(folder, { recursive: true, force: true }))
    const environment = await startDatabase(ends)
    const owner = postgres(environment.TCP_OWNER_URL!, { max: 2, onnotice: () => {} })
    ends.push(() => owner.end())
    const orders = await makeOrders(owner, steadyPerSecond * steadySeconds + floodOrders)
    const product = await startServer(
      'product.ts',
      { ...environment, DATA_FOLDER: folder, SETTINGS: JSON.stringify(settings) },
      ends,
    )
    await load(product.url, () => webhook(orders.pop()!), { connections: 4, status: 200, requests: 200 })
    await settled(owner)

    const steady = await atSteadyRate(product.url, () => webhook(orders.pop()!))
    const followUps = await settled(owner)
    const flood = await load(product.url, () => webhook(orders.pop()!), {
      connections: floodConnections,
      status: 200,
      seconds: floodSeconds,
    })
    const postings = await measurePostings(environment.DATABASE_URL!, owner)
    return {
      figures: {
        webhookP99Milliseconds: percentile(steady, 99),
        webhooksPerSecond: flood.requests / flood.seconds,
        postingsPerSecond: postings,
      },
      goals: {
        webhookP99Milliseconds: { max: 100 },
        postingsPerSecond: { min: 300 },
      },
      notes: [
        `Steady: ${steadyPerSecond} a second for ${steadySeconds} s, p50 ${percentile(steady, 50).toFixed(1)} ms, p95 ${percentile(steady, 95).toFixed(1)} ms, longest ${steady.at(-1)!.toFixed(0)} ms;`,
        `${followUps.fulfilled} orders were fulfilled and ${followUps.delivered} invoices sent by ${followUps.seconds.toFixed(1)} s after the last of them.`,
        `Flood: ${floodConnections} connections for ${floodSeconds} s, p99 ${percentile(flood.latencies, 99).toFixed(0)} ms; what follows comes later, at the rate of its queue.`,
        `Postings: ${posters} connections, ${ledgerOrganizations} organizations, two entries each; a median of ${rounds} rounds.`,
      ],
    }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

const settings = {
  // Never asked: as deployed, no stand-in answers, and test keys are refused.
  RAZORPAY_KEY_ID: 'rzp_live_benchmark',
  RAZORPAY_KEY_SECRET: randomBytes(32).toString('hex'),
  RAZORPAY_WEBHOOK_SECRET: webhookSecret,
  SELLER_GSTIN: '27AAPFU0939F1ZV',
}

interface Order {
  gatewayId: string
  amountPaise: number
}

/** Organizations that have each ordered a month of the plan for teams, and not paid yet. */
async function makeOrders(owner: postgres.Sql, count: number): Promise<Order[]> {
  const [net, half] = [499_900, 44_991]
  const rows = Array.from({ length: count }, () => ({ org: newId(), subscription: newId(), id: newId() }))
  for (let from = 0; from < count; from += 2000) {
    const batch = owner.json(rows.slice(from, from + 2000))
    const given = owner`jsonb_to_recordset(${batch}) as g (org uuid, subscription uuid, id uuid)`
    await owner`insert into organizations (id, name) select g.org, 'Example' from ${given}`
    await owner`
      insert into billing_accounts (org_id, legal_name, email, address_line_1, city, postal_code, state_code)
      select g.org, 'Example', 'accounts@example.org', '12 Marine Drive', 'Mumbai', '400020', '27' from ${given}`
    await owner`
      insert into subscriptions (id, org_id, plan_id, period, seats, status, collection, period_paise)
      select g.subscription, g.org, 'team', 'month', 5, 'incomplete', 'order', ${net} from ${given}`
    await owner`
      insert into orders (id, org_id, subscription_id, kind, collection, plan_id, period, seats, period_start, period_end,
        lines, net_paise, cgst_paise, sgst_paise, igst_paise, total_paise, receipt, gateway_order_id, expires_at)
      select g.id, g.org, g.subscription, 'start', 'checkout', 'team', 'month', 5, now(), now() + interval '1 month',
        ${owner.json([{ description: 'Team, per month', quantity: 1, unit_paise: net, net_paise: net }])}, ${net},
        ${half}, ${half}, 0, ${net + 2 * half}, g.id::text, 'order_' || replace(g.id::text, '-', ''), now() + interval '1 day'
      from ${given}`
  }
  return rows.map(({ id }) => ({ gatewayId: `order_${id.replaceAll('-', '')}`, amountPaise: net + 2 * half }))
}

/** The text of a request that tells of the payment of an order, as Razorpay sends it. */
function webhook({ gatewayId, amountPaise }: Order): string {
  const at = Math.floor(Date.now() / 1000)
  const id = newId().replaceAll('-', '')
  const entity = {
    id: `pay_${id}`,
    entity: 'payment',
    amount: amountPaise,
    currency: 'INR',
    status: 'captured',
    order_id: gatewayId,
    invoice_id: null,
    international: false,
    method: 'upi',
    amount_refunded: 0,
    refund_status: null,
    captured: true,
    email: 'accounts@example.org',
    contact: '+919000090000',
    notes: [],
    fee: 13_922,
    tax: 2_124,
    error_code: null,
    error_description: null,
    created_at: at,
  }
  const event = {
    entity: 'event',
    account_id: 'acc_benchmark',
    event: 'payment.captured',
    contains: ['payment'],
    payload: { payment: { entity } },
    created_at: at,
  }
  const body = JSON.stringify(event)
  const signature = createHmac('sha256', webhookSecret).update(body).digest('hex')
  return (
    'POST /v1/webhooks/razorpay HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
    `x-razorpay-event-id: evt_${id}\r\nx-razorpay-signature: ${signature}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  )
}

/** Sends at its rate, whether or not the answers keep up. @returns milliseconds of every answer, ascending */
async function atSteadyRate(url: string, makeRequest: () => string): Promise<Float64Array> {
  const startedAt = performance.now()
  const asked: Promise<number>[] = []
  for (let number = 0; number < steadyPerSecond * steadySeconds; number++) {
    const dueAt = startedAt + (number * 1000) / steadyPerSecond
    await sleep(Math.max(0, dueAt - performance.now()))
    // From when it was due: a sender that is late counts too.
    const one = load(url, makeRequest, { connections: 1, status: 200, requests: 1 })
    asked.push(one.then(() => performance.now() - dueAt))
  }
  return Float64Array.from(await Promise.all(asked)).sort()
}

/** Waits until everything that follows from the webhooks so far has happened. */
async function settled(owner: postgres.Sql) {
  const startedAt = performance.now()
  for (;;) {
    const [row] = await owner<{ events: number; fulfilled: number; delivered: number }[]>`
      select (select count(*)::integer from gateway_events) as events,
        (select count(*)::integer from orders where fulfilled_at is not null) as fulfilled,
        (select count(*)::integer from invoices where pdf_key is not null) as delivered`
    const seconds = (performance.now() - startedAt) / 1000
    if (row!.fulfilled === row!.events && row!.delivered === row!.events) return { ...row!, seconds }
    if (seconds > 120) throw new Error(`what follows webhooks does not come to an end: ${JSON.stringify(row)}`)
    await sleep(100)
  }
}

async function measurePostings(databaseUrl: string, owner: postgres.Sql): Promise<number> {
  const organizations = await owner<{ id: string }[]>`select id from organizations limit ${ledgerOrganizations}`
  const database = openDatabase({
    url: databaseUrl,
    poolSize: posters,
    connectTimeoutSeconds: 10,
    statementTimeoutSeconds: 30,
    applicationName: 'bench',
  })
  try {
    const rates: number[] = []
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now()
      const counts = await Promise.all(
        Array.from({ length: posters }, (_, poster) =>
          post(
            database,
            organizations.map(({ id }) => id),
            poster,
            startedAt + postingSeconds * 1000,
          ),
        ),
      )
      rates.push(counts.reduce((sum, count) => sum + count) / ((performance.now() - startedAt) / 1000))
    }
    return median(rates)
  } finally {
    await database.close()
  }
}

/** Books one capture after the other until then; returns how many. */
async function post(database: Database, organizations: string[], poster: number, until: number): Promise<number> {
  let count = 0
  while (performance.now() < until) {
    const orgId = organizations[(count * posters + poster) % organizations.length]!
    const posting = capturePosting({
      orgId,
      gatewayPaymentId: `pay_${newId()}`,
      amountPaise: 589_882,
      capturedAt: new Date(),
    })
    await database.transaction({ ...nobody, orgId }, (sql) => postTransaction(sql, posting))
    count++
  }
  return count
}
