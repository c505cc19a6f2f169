import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '#shared/database/migrate.ts'
import { verifyAuditLog } from '#shared/domain/audit/verify.ts'
import { newId } from '#shared/domain/ids.ts'
import {
  createDatabaseIfMissing,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '#shared/platform/database/embedded.ts'
import { nobody, system } from '#shared/platform/database/index.ts'
import { sweepOutbox } from '#shared/runtime/outbox.ts'
import { RecordingLogger } from '../fakes/recording-logger.ts'
import { appPassword, templateDatabase } from '../setup/database.ts'
import { type Answer, call, startTestProduct, type TestProduct } from '../setup/product.ts'
import { findViolations } from './invariants.ts'

/** No answer may take longer, whatever the database does. */
const patienceMilliseconds = 10_000

const dataFolder = mkdtempSync(join(tmpdir(), 'adapt-outage-'))
const log = new RecordingLogger()
let server: EmbeddedPostgres
let product: TestProduct
let token: string
let orgId: string

// Durable: what was answered must survive a crash.
const startServer = () => startEmbeddedPostgres({ dataFolder })
const asOwner = () => postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })

beforeAll(async () => {
  server = await startServer()
  await createDatabaseIfMissing(server.ownerUrl('postgres'), templateDatabase)
  await migrate(server.ownerUrl(templateDatabase), appPassword)
  product = await startTestProduct(server.ownerUrl('postgres'), { DATABASE_TIMEOUT: '5' }, log)
  token = await product.signUp()
  orgId = (await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Outage' } })).body.id
})
afterAll(async () => {
  await product.stop()
  await server.stop()
  rmSync(dataFolder, { recursive: true, force: true })
})

interface Request {
  kind: 'create' | 'export' | 'list' | 'flags'
  requestId: string
  name: string
  status: number
  milliseconds: number
}

async function ask(kind: Request['kind']): Promise<Request & { answer: Answer }> {
  const [requestId, name] = [newId(), newId()]
  const options = { token, headers: { 'x-request-id': requestId } }
  const startedAt = performance.now()
  const answer = await (kind === 'create'
    ? call(product.url, 'POST', '/v1/projects', { ...options, body: { name } })
    : kind === 'export'
      ? call(product.url, 'POST', '/v1/exports', { ...options, body: { format: 'csv', filter: {} } })
      : call(product.url, 'GET', kind === 'list' ? '/v1/projects' : '/v1/flags', options))
  return { kind, requestId, name, status: answer.status, milliseconds: performance.now() - startedAt, answer }
}

/** Callers that go on asking while something happens; each notes what became of it. */
async function askDuring(work: () => Promise<void>): Promise<Request[]> {
  const asked: Request[] = []
  let isOver = false
  const callers = (['create', 'create', 'export', 'list', 'list', 'flags'] as const).map(async (kind) => {
    while (!isOver) {
      const { answer, ...request } = await ask(kind)
      asked.push(request)
      if (request.status === 503) {
        expect(answer.body.error).toMatchObject({ code: 'UNAVAILABLE', trace_id: request.requestId })
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
        expect(JSON.stringify(answer.body)).not.toMatch(/ECONN|postgres|127\.0\.0\.1|57P0/i)
        await sleep(20)
      }
    }
  })
  await sleep(100)
  await work()
  isOver = true
  await Promise.all(callers)
  return asked
}

/** Resolves when every kind of request works again. */
async function recovered(): Promise<void> {
  for (const kind of ['create', 'export', 'list'] as const) {
    await expect.poll(async () => (await ask(kind)).status, { timeout: 15_000, interval: 50 }).toBeLessThan(300)
  }
}

async function expectWhole(asked: readonly Request[]): Promise<void> {
  const owner = asOwner()
  const statuses = new Set(asked.map(({ status }) => status))
  for (const status of statuses) expect([200, 201, 202, 503]).toContain(status)
  expect(statuses).toContain(503)
  expect(Math.max(...asked.map(({ milliseconds }) => milliseconds))).toBeLessThan(patienceMilliseconds)
  const entries = await owner<{ request_id: string; target_id: string }[]>`select request_id, target_id from audit_logs`
  const audited = Map.groupBy(entries, ({ request_id }) => request_id)
  const projects = await owner<{ id: string; name: string }[]>`select id, name from projects`
  const exported = new Set((await owner<{ id: string }[]>`select id from exports`).map(({ id }) => id))
  const named = new Map(projects.map(({ id, name }) => [name, id]))
  for (const { kind, requestId, name, status } of asked) {
    if (kind !== 'create' && kind !== 'export') continue
    const [entry, second] = audited.get(requestId) ?? []
    expect(second).toBeUndefined()
    if (kind === 'create') expect(entry?.target_id, requestId).toBe(named.get(name))
    else if (entry) expect(exported.has(entry.target_id)).toBe(true)
    if (status < 300) expect(entry, `${kind} answered by ${status}`).toBeDefined()
  }
  const requested = await owner`select 1 from audit_logs where action = 'export.requested'`
  expect(exported.size).toBe(requested.length)
  const verdict = await verifyAuditLog(
    (work) => product.services.database.transaction({ ...nobody, orgId, workspaceId: 'any' }, work),
    { signal: AbortSignal.timeout(10_000) },
  )
  expect(verdict).toMatchObject({ valid: true, broken_at: null })
  const open = () => owner`
    select query from pg_stat_activity where application_name = 'adapt' and state like 'idle in%'
      and state_change < now() - interval '100 milliseconds'`
  await expect.poll(open, { timeout: 5_000 }).toHaveLength(0)
  await owner.end()
}

/** What was promised is done: also the queue works again, and nothing was lost on its way there. */
async function expectWorkDone(): Promise<void> {
  await product.services.database.transaction(system, (sql) => sweepOutbox(sql, product.services, 0))
  const owner = asOwner()
  await expect.poll(() => findViolations(owner), { timeout: 20_000, interval: 200 }).toEqual({})
  await owner.end()
}

test('a restart of the database in mid-request costs 503s, and nothing else', async () => {
  const asked = await askDuring(async () => {
    await server.stop()
    await sleep(300)
    server = await startServer()
    await recovered()
  })
  await expectWhole(asked)
  await expectWorkDone()
}, 60_000)

test('a crash of the database, too', async () => {
  const asked = await askDuring(async () => {
    const owner = asOwner()
    const [backend] = await owner<{ pid: number }[]>`
      select pid from pg_stat_activity where application_name = 'adapt' and datname = current_database() limit 1`
    await owner.end()
    // PostgreSQL then ends all others as well, and recovers from its log.
    process.kill(backend!.pid, 'SIGKILL')
    await recovered()
  })
  await expectWhole(asked)
  await expectWorkDone()
}, 60_000)

test('while the database is gone everything is told so at once, health too, and the product lives on', async () => {
  await server.stop()
  const kinds = ['create', 'export', 'list', 'flags'] as const
  const asked = await Promise.all(Array.from({ length: 40 }, (_, at) => ask(kinds[at % kinds.length]!)))
  for (const { status } of asked) expect([200, 503]).toContain(status)
  expect(asked.filter(({ status }) => status === 503).length).toBeGreaterThan(20)
  expect(Math.max(...asked.map(({ milliseconds }) => milliseconds))).toBeLessThan(patienceMilliseconds)
  const ready = await call(product.url, 'GET', '/ready')
  expect(ready.status).toBe(503)
  expect((await call(product.url, 'GET', '/v1/openapi.json')).status).toBe(200)
  expect((await call(product.url, 'GET', '/v1/nothing')).status).toBe(404)
  server = await startServer()
  await recovered()
  await expect.poll(async () => (await call(product.url, 'GET', '/ready')).status, { timeout: 15_000 }).toBe(200)
}, 60_000)
