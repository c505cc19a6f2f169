import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { startProcessing } from '#shared/domain/documents/documents.ts'
import { validateDocument } from '#shared/domain/documents/messages.ts'
import type { Document } from '#shared/domain/documents/schemas.ts'
import { type Product, startProduct } from '#shared/embedded/product.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { inTransaction, serviceScope } from '#shared/runtime/contexts.ts'
import { silentLogger } from '#shared/runtime/log.ts'
import { cloneDatabase, type TestDatabase } from '../setup/database.ts'
import { call, testPassword } from '../setup/product.ts'
import { openUrlAsOwner } from './invariants.ts'

let database: TestDatabase
let cloud: Awaited<ReturnType<typeof createTestDatabase>>
let dataFolder: string
let product: Product | undefined

beforeEach(async () => {
  database = await cloneDatabase(inject('clusterUrl'))
  cloud = await createTestDatabase(inject('clusterUrl'))
  dataFolder = await mkdtemp(join(tmpdir(), 'adapt-leftovers-'))
})

afterEach(async () => {
  await product?.stop()
  await database.drop()
  await cloud.drop()
  await rm(dataFolder, { recursive: true, force: true })
})

async function start(): Promise<Product> {
  product = await startProduct({
    databaseUrl: database.appUrl,
    cloudDatabaseUrl: cloud.url,
    dataFolder,
    host: '127.0.0.1',
    port: 0,
    settings: { APP_ENV: 'test' },
    log: silentLogger,
  })
  return product
}

/** The moment of a kill between a commit and the sending of its messages: a document whose first step nobody sent. */
async function leaveUnsent(running: Product): Promise<string> {
  const email = `${randomUUID()}@example.org`
  const signedUp = await call(running.url, 'POST', '/v1/auth/sign-up', { body: { email, password: testPassword } })
  const token: string = signedUp.body.session.access_token
  const orgId: string = (await call(running.url, 'POST', '/v1/organizations', { token, body: { name: 'Example' } }))
    .body.id
  const userId: string = (await call(running.url, 'GET', '/v1/users/me', { token })).body.id
  const content = `The implant ${randomUUID()} called back to 185.220.101[.]45 every day.`
  const { document, upload } = (
    await call(running.url, 'POST', '/v1/documents', {
      token,
      body: { file_name: 'a.txt', size_bytes: content.length },
    })
  ).body
  await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: content })
  await inTransaction(
    { ...running.services, bus: null, queue: null },
    {
      functionName: 'documents-complete-upload',
      resources: { enqueues: [validateDocument] },
      principal: null,
      scope: serviceScope(orgId, userId),
      requestId: 'request',
      traceparent: null,
      now: new Date(),
      log: silentLogger,
      signal: AbortSignal.timeout(5000),
      address: null,
    },
    async ({ sql, enqueue }) => {
      const started = await startProcessing(sql, {
        documentId: document.id,
        orgId,
        startedBy: userId,
        from: ['awaiting_upload'],
      })
      await enqueue(validateDocument, { document_id: started.id, job_id: started.job_id ?? '' })
    },
  )
  return document.id
}

test('messages that a killed process had not sent yet are sent at the next start, with no attempt lost', async () => {
  const first = await start()
  const documentId = await leaveUnsent(first)
  await first.stop()

  const startedAt = Date.now()
  await start()
  const owner = openUrlAsOwner(database.ownerUrl)
  const status = async () =>
    (await owner<Pick<Document, 'status'>[]>`select status from documents where id = ${documentId}`)[0]?.status
  // The sweep that runs every minute leaves rows alone that are younger than half a minute.
  await expect.poll(status, { timeout: 15_000 }).toBe('ready')
  expect(Date.now() - startedAt).toBeLessThan(20_000)
  await expect.poll(async () => (await owner`select id from outbox`).length).toBe(0)
  const deliveries = openUrlAsOwner(cloud.url)
  expect(
    await deliveries`select 1 from pgboss.job where name like 'tasks.%' and data ->> 'failures' <> '0'`,
  ).toHaveLength(0)
  await Promise.all([owner.end(), deliveries.end()])
})

test('a message that cannot be sent any more neither keeps the product from starting nor holds back the others', async () => {
  const first = await start()
  const documentIds = await Promise.all(Array.from({ length: 5 }, () => leaveUnsent(first)))
  await first.stop()
  const owner = openUrlAsOwner(database.ownerUrl)
  const [refused] = await owner`
    update outbox set queue = 'a queue of an older release' where id = (select id from outbox order by id offset 1 limit 1)
    returning id`
  const leftovers = (await owner<{ id: string }[]>`select id from outbox`).map(({ id }) => id)

  const second = await start()
  expect((await call(second.url, 'GET', '/ready')).status).toBe(200)
  // Not the rows of what is being done already, which come and go.
  expect(await owner`select id from outbox where id in ${owner(leftovers)}`).toEqual([refused])
  const ready = async () =>
    (await owner`select id from documents where id in ${owner(documentIds)} and status = 'ready'`).length
  await expect.poll(ready, { timeout: 15_000 }).toBe(4)
  await owner.end()
})

test('what a killed process had half written into the object store is gone after the next start', async () => {
  const partial = join(dataFolder, 'objects', 'partial')
  await mkdir(partial, { recursive: true })
  await writeFile(join(partial, 'half'), 'RFO1')
  await start()
  expect(await readdir(partial)).toEqual([])
})
