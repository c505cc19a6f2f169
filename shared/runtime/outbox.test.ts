import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { documentFinished, validateDocument } from '#shared/domain/documents/messages.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Bus } from '#shared/platform/bus/index.ts'
import { type Database, nobody, system } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import type { Queue, QueueTask } from '#shared/platform/queue/index.ts'
import { cloneDatabase, type TestDatabase } from '../../tests/setup/database.ts'
import { type Call, inTransaction } from './contexts.ts'
import type { Service } from './declarations.ts'
import { silentLogger } from './log.ts'
import { sweepOutbox } from './outbox.ts'
import type { Services } from './services.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
const orgId = newId()

/** A queue that remembers, and fails when told to, before or after having taken the tasks. */
const sent: QueueTask[] = []
let failure: 'before' | 'after' | null = null
const queue: Queue = {
  async enqueue(tasks) {
    if (failure === 'before') throw new PlatformError('UNAVAILABLE', 'down')
    sent.push(...tasks)
    if (failure === 'after') throw new PlatformError('UNAVAILABLE', 'timed out')
  },
  async check() {},
  async close() {},
}
let isBusDown = false
const bus: Bus = {
  async publish() {
    if (isBusDown) throw new PlatformError('UNAVAILABLE', 'down')
  },
  async check() {},
  async close() {},
}
let services: Services

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
  owner = postgres(clone.ownerUrl, { max: 1 })
  await owner`insert into organizations (id, name) values (${orgId}, 'o')`
  services = {
    database,
    queue,
    bus,
    log: silentLogger,
    config: { SIGNING_SECRET: 'x'.repeat(32) },
  } as unknown as Services
})
beforeEach(async () => {
  await owner`delete from outbox`
  sent.length = 0
  failure = null
  isBusDown = false
})
afterAll(async () => {
  await owner.end()
  await database.close()
  await clone.drop()
})

const call = (): Call<Service> => ({
  functionName: 'test',
  resources: { enqueues: [validateDocument], publishes: [documentFinished] },
  principal: { orgId, workspaceId: null, userId: null },
  scope: { ...nobody, orgId, workspaceId: 'any' },
  requestId: 'request-1',
  traceparent: null,
  now: new Date(),
  log: silentLogger,
  signal: new AbortController().signal,
  address: null,
})
const step = { document_id: newId(), job_id: newId() }
const enqueueOne = () => inTransaction(services, call(), (context) => context.enqueue(validateDocument, step))
const sweep = () => database.transaction(system, (sql) => sweepOutbox(sql, services, 0))
const waiting = async () => (await owner`select 1 from outbox`).length

test('a message leaves after the commit, in its envelope, and its row goes', async () => {
  await enqueueOne()
  expect(sent).toHaveLength(1)
  expect(JSON.parse(sent[0]!.body)).toMatchObject({
    id: sent[0]!.id,
    event_type: 'documents-validate',
    org_id: orgId,
    correlation_id: 'request-1',
    payload: step,
  })
  expect(await waiting()).toBe(0)
})

test('a message that the function does not declare is refused, and with it the whole transaction', async () => {
  const undeclared = inTransaction(services, { ...call(), resources: {} }, (context) =>
    context.enqueue(validateDocument, step),
  )
  await expect(undeclared).rejects.toThrow('does not declare')
  expect(sent).toHaveLength(0)
})

test('a message carries the workspace of the work that caused it', async () => {
  const workspaceId = newId()
  const inside = { ...call(), principal: { orgId, workspaceId, userId: null } }
  await inTransaction(services, inside, (context) => context.enqueue(validateDocument, step))
  expect(JSON.parse(sent[0]!.body)).toMatchObject({ workspace_id: workspaceId })
})

test('a message of a transaction that fails is never sent', async () => {
  await expect(
    inTransaction(services, call(), async (context) => {
      await context.enqueue(validateDocument, step)
      throw new Error('boom')
    }),
  ).rejects.toThrow('boom')
  expect(sent).toHaveLength(0)
  expect(await waiting()).toBe(0)
})

test('a message that could not be sent waits and is swept, while the call itself succeeded', async () => {
  failure = 'before'
  await enqueueOne()
  expect(await waiting()).toBe(1)
  failure = null
  expect(await sweep()).toBe(1)
  expect(sent).toHaveLength(1)
  expect(await waiting()).toBe(0)
})

test('a message whose sending timed out after all is sent again under the same id', async () => {
  failure = 'after'
  await enqueueOne()
  failure = null
  await sweep()
  expect(sent).toHaveLength(2)
  expect(sent[0]?.id).toBe(sent[1]?.id)
})

test('a bus that is down holds up no tasks, neither after the commit nor in the sweep', async () => {
  isBusDown = true
  await inTransaction(services, call(), async (context) => {
    await context.publish(documentFinished, { ...step, outcome: 'ready' })
    await context.enqueue(validateDocument, step)
  })
  expect(sent).toHaveLength(1)
  expect(await waiting()).toBe(1)
  failure = 'before'
  await enqueueOne()
  failure = null
  expect(await sweep()).toBe(1)
  expect(sent).toHaveLength(2)
  isBusDown = false
  expect(await sweep()).toBe(1)
})

test('two sweepers at once send each message once', async () => {
  failure = 'before'
  await Promise.all(Array.from({ length: 20 }, enqueueOne))
  failure = null
  const counts = await Promise.all([sweep(), sweep()])
  expect(counts[0]! + counts[1]!).toBe(20)
  expect(new Set(sent.map((task) => task.id)).size).toBe(20)
  expect(sent).toHaveLength(20)
})

test('a fresh row is left to its sender', async () => {
  failure = 'before'
  await enqueueOne()
  failure = null
  expect(await database.transaction(system, (sql) => sweepOutbox(sql, services, 30))).toBe(0)
  expect(await waiting()).toBe(1)
})
