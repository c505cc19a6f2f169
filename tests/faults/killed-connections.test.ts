import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { verifyAuditLog } from '#shared/domain/audit/verify.ts'
import { newId } from '#shared/domain/ids.ts'
import { type Database, nobody, openDatabase, system } from '#shared/platform/database/index.ts'
import { sweepOutbox } from '#shared/runtime/outbox.ts'
import { UsageLog } from '#shared/runtime/usage.ts'
import { RecordingLogger } from '../fakes/recording-logger.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'
import { findViolations } from './invariants.ts'
import { Random } from './random.ts'

const seed = Number(process.env.FAULT_SEED ?? 20261121)
const rounds = 200
const clients = 4
const victim = 'victim'

let product: TestProduct
let owner: postgres.Sql
let database: Database
let usage: UsageLog
let instance: Instance
const log = new RecordingLogger()

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 4, onnotice: () => {} })
  database = openDatabase({
    url: product.database.appUrl,
    // Fewer than there are clients, so that some wait for a connection that is killed under its holder.
    poolSize: 3,
    connectTimeoutSeconds: 5,
    statementTimeoutSeconds: 5,
    applicationName: victim,
  })
  usage = new UsageLog({ database, log })
  // What it sends stays in the outbox, where the test can see that it was written.
  instance = await startInstance(
    { ...product.services, database, usage, log, bus: null, queue: null },
    product.functions,
  )
})
afterAll(async () => {
  await instance.stop()
  await usage.close()
  await database.close()
  await owner.end()
  await product.stop()
})

interface Round {
  kind: 'create' | 'change' | 'delete' | 'export' | 'read'
  requestId: string
  status: number
  /** Whether the effect is there, whatever was answered. */
  isDone(): Promise<boolean>
}

const exists = async (rows: PromiseLike<readonly unknown[]>) => (await rows).length > 0

/** Kills the connections that are open at the moment, or one of them. */
async function kill(random: Random): Promise<number> {
  const one = random.next() < 0.5
  const rows = await owner`
    select pg_terminate_backend(pid) from (
      select pid from pg_stat_activity where application_name = ${victim} and datname = current_database()
      order by state = 'idle', random() limit ${one ? 1 : 100}) as chosen`
  return rows.length
}

test(`${rounds} writes whose connections are killed at random moments (seed ${seed}) are there wholly or not at all`, async () => {
  const random = new Random(seed)
  const token = await product.signUp()
  const orgId: string = (await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Killed' } })).body
    .id
  const played: Round[] = []
  let kills = 0

  const send = (method: string, path: string, requestId: string, body?: unknown) =>
    call(instance.url, method, path, {
      token,
      headers: { 'x-request-id': requestId },
      ...(body === undefined ? {} : { body }),
    })
  const newProject = async (): Promise<string> =>
    (await call(product.url, 'POST', '/v1/projects', { token, body: { name: newId() } })).body.id

  async function play(): Promise<void> {
    const kind = random.pick(['create', 'create', 'change', 'delete', 'export', 'read'] as const)
    const requestId = newId()
    const mark = newId()
    const id = kind === 'change' || kind === 'delete' ? await newProject() : ''
    const path = id ? `/v1/projects/${id}` : '/v1/projects'
    const requests = {
      create: () => send('POST', path, requestId, { name: mark }),
      change: () => send('PATCH', path, requestId, { description: mark }),
      delete: () => send('DELETE', path, requestId),
      export: () => send('POST', '/v1/exports', requestId, { format: 'csv', filter: {} }),
      read: () => send('GET', path, requestId),
    }
    const effects = {
      create: () => owner`select 1 from projects where name = ${mark}`,
      change: () => owner`select 1 from projects where description = ${mark}`,
      delete: () => owner`select 1 where not exists (select from projects where id = ${id})`,
      export: () => owner`select 1 from outbox where body ->> 'correlation_id' = ${requestId}`,
      read: () => owner`select 1 where false`,
    }
    const delay = random.integer(0, 12)
    const [{ status }] = await Promise.all([
      requests[kind](),
      (async () => {
        // A request takes some milliseconds: the moments are spread over all of it.
        for (let turn = 0; turn < delay; turn++) await new Promise((resolve) => setImmediate(resolve))
        kills += await kill(random)
      })(),
    ])
    played.push({ kind, requestId, status, isDone: () => exists(effects[kind]()) })
  }

  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (played.length < rounds) await play()
    }),
  )

  const statuses: Record<string, number> = {}
  for (const { kind, requestId, status, isDone } of played) {
    const outcome = status < 300 ? 'done' : status
    statuses[outcome] = (statuses[outcome] ?? 0) + 1
    expect([200, 201, 202, 204, 503], `${kind} ${requestId}`).toContain(status)
    if (kind === 'read') continue
    const done = await isDone()
    const entries = await owner`select action, target_id from audit_logs where request_id = ${requestId}`
    expect(
      entries.length,
      `${kind} ${requestId}: audit entries of an effect that is ${done ? 'there' : 'not there'}`,
    ).toBe(done ? 1 : 0)
    if (status < 300) expect(done, `${kind} ${requestId}: answered by ${status}`).toBe(true)
    if (kind === 'export') {
      const rows = await owner`select id from exports where id = ${entries[0]?.target_id ?? newId()}`
      expect(rows.length, `export ${requestId}`).toBe(done ? 1 : 0)
    }
  }
  // The faults were real, and so was the work.
  expect(kills).toBeGreaterThan(rounds / 2)
  expect(statuses[503] ?? 0).toBeGreaterThan(10)
  expect(statuses.done ?? 0).toBeGreaterThan(10)

  const [sums] = await owner`
    select (select count(*)::int from exports) as exports,
      (select count(*)::int from audit_logs where action = 'export.requested') as requested`
  expect(sums?.exports).toBe(sums?.requested)

  const read = <Result>(work: (sql: postgres.ISql) => Promise<Result>) =>
    product.services.database.transaction({ ...nobody, orgId, workspaceId: 'any' }, work)
  const verdict = await verifyAuditLog(read, { signal: AbortSignal.timeout(10_000) })
  expect(verdict).toMatchObject({ valid: true, broken_at: null })

  // Nothing that was promised is lost: what stands in the outbox is sent, and its work ends well.
  await product.services.database.transaction(system, (sql) => sweepOutbox(sql, product.services, 0))
  await expect.poll(() => findViolations(owner), { timeout: 10_000, interval: 100 }).toEqual({})

  // Nobody is left in a transaction, and the same instance works as before.
  const open = () =>
    owner`select state, query from pg_stat_activity where application_name = ${victim} and state like 'idle in%'`
  await expect.poll(open, { timeout: 5_000 }).toHaveLength(0)
  const after = await Promise.all(
    Array.from({ length: 20 }, () => send('POST', '/v1/projects', newId(), { name: newId() })),
  )
  expect(after.map(({ status }) => status)).toEqual(Array(20).fill(201))
  // What was thrown away is gone once the server has seen so; what leaks stays.
  const connections = async () =>
    (await owner`select 1 from pg_stat_activity where application_name = ${victim}`).length
  await expect.poll(connections, { timeout: 5_000 }).toBeLessThanOrEqual(3)
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
}, 60_000)

test('a create that is repeated with its key until it is heard happens once, however often its connection is killed', async () => {
  const random = new Random(seed + 1)
  const token = await product.signUp()
  await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Repeated' } })
  let failures = 0
  const insist = async (): Promise<void> => {
    const name = newId()
    const headers = { 'idempotency-key': newId() }
    const kinds = new Set<number>()
    for (let attempt = 0; ; attempt++) {
      expect(attempt, [...kinds].join()).toBeLessThan(60)
      const sent = call(instance.url, 'POST', '/v1/projects', { token, headers, body: { name } })
      const delay = random.integer(0, 12)
      if (attempt < 4) {
        for (let turn = 0; turn < delay; turn++) await new Promise((resolve) => setImmediate(resolve))
        await kill(random)
      }
      const { status, body } = await sent
      kinds.add(status)
      if (status === 201) {
        const rows = await owner`select id from projects where name = ${name}`
        expect(rows.map(({ id }) => id)).toEqual([body.id])
        expect(await owner`select 1 from audit_logs where target_id = ${body.id}`).toHaveLength(1)
        return
      }
      failures++
      // 409 while the claim of a try that died has not been given up; never for the name, which would be ours already.
      expect([503, 409], JSON.stringify(body)).toContain(status)
      if (status === 409) expect(body.error.message).toBe('The same request is being executed')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  for (let batch = 0; batch < 5; batch++) await Promise.all([insist(), insist(), insist()])
  expect(failures).toBeGreaterThan(5)
}, 60_000)

test('usage that can’t be written fails no request, and is written when it can be', async () => {
  const token = await product.signUp()
  const orgId = (await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Counted' } })).body.id
  const requests = 20
  const locker = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  for (const trouble of ['a locked table', 'a missing table'] as const) {
    if (trouble === 'a locked table') await locker.unsafe('begin; lock table api_usage_logs in access exclusive mode')
    else await locker.unsafe('alter table api_usage_logs rename to gone')
    const flushing = usage.flush()
    const answers = await Promise.all(
      Array.from({ length: requests }, () => call(instance.url, 'GET', '/v1/projects', { token })),
    )
    expect(
      answers.map(({ status }) => status),
      trouble,
    ).toEqual(Array(requests).fill(200))
    if (trouble === 'a locked table') await locker.unsafe('commit')
    await flushing
    await usage.flush()
    if (trouble === 'a missing table') await locker.unsafe('alter table gone rename to api_usage_logs')
  }
  await locker.end()
  const written = async () => {
    await usage.flush()
    return (await owner`select 1 from api_usage_logs where org_id = ${orgId} and function_name = 'projects-list'`)
      .length
  }
  await expect.poll(written, { timeout: 5_000 }).toBe(2 * requests)
})
