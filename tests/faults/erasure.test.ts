import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { eraseOrganization, forgetOrganization, removeLateObjects } from '#shared/domain/erasure/messages.ts'
import { placesOf } from '#shared/domain/erasure/objects.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Envelope } from '#shared/domain/messaging.ts'
import { createDispatcher, type FunctionHandler } from '#shared/runtime/function-handler.ts'
import type { Services } from '#shared/runtime/services.ts'
import { fingerprintOf, makeTenant, objectsOf, rowsOf, type Tenant } from '../setup/full-tenant.ts'
import { type Answer, call, startTestProduct, type TestProduct } from '../setup/product.ts'
import { faultyServices } from './faulty-services.ts'
import { openUrlAsOwner } from './invariants.ts'
import { Random } from './random.ts'

/** Repeat a run with ADAPT_FAULT_SEED=…; moments still depend on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? randomInt(2 ** 31))
const rounds = 4

let product: TestProduct
let owner: postgres.Sql

beforeAll(async () => {
  console.log(`ADAPT_FAULT_SEED=${seed}`)
  product = await startTestProduct(inject('clusterUrl'))
  owner = openUrlAsOwner(product.database.ownerUrl)
})
afterAll(async () => {
  await owner?.end()
  await product?.stop()
})

/** A second process beside the product. It sends nothing: the test is its queue. */
async function startProcess(services: Services): Promise<{ url: string; stop(): void }> {
  const toHandler = createDispatcher({ ...services, bus: null, queue: null })
  const handlers = new Map<string, FunctionHandler>()
  for (const { name, declaration } of product.functions) {
    if (/^(organizations|objects|workspaces)-/.test(name)) handlers.set(name, toHandler(name, declaration))
  }
  const server: Server = createServer((request, response) => {
    const name = request.method === 'DELETE' ? 'organizations-delete' : request.url!.split('/')[2]!
    void handlers.get(name)!(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() }
}

/** Rows and files enough for several parts of each. */
async function fatten(tenant: Tenant): Promise<void> {
  await owner`
    insert into notifications (id, org_id, user_id, kind, title, body)
    select gen_random_uuid(), ${tenant.orgId}, ${tenant.ownerId}, 'k', 't', 'b' from generate_series(1, 11000)`
  const keys = Array.from({ length: 620 }, (_, at) => `${tenant.orgId}/extra-${at}`)
  const write = async () => {
    for (let key = keys.pop(); key; key = keys.pop()) {
      await product.services.objects.write('artifacts', key, 'x', 'text/plain')
    }
  }
  await Promise.all(Array.from({ length: 8 }, write))
}

/** People who go on working until nothing is answered any more, some of it with URLs that were signed before. */
async function goOnWorking(tenant: Tenant, random: Random, signal: AbortSignal): Promise<() => Promise<void>> {
  const { url } = product
  const options = { token: tenant.token, headers: { 'x-org-id': tenant.orgId } }
  const late: (() => Promise<Response>)[] = []
  while (!signal.aborted) {
    const content = `The implant calls hxxp://c2.${random.hex(8)}[.]top/gate.\n`
    const body = { file_name: 'race.txt', content_type: 'text/plain', size_bytes: content.length }
    const announced = await call(url, 'POST', '/v1/documents', { ...options, body })
    if (announced.status === 404) break
    if (announced.status !== 201) {
      await sleep(20)
      continue
    }
    const { document, upload } = announced.body
    const put = () => fetch(upload.url, { method: 'PUT', headers: upload.headers, body: content })
    if (random.next() < 0.3) late.push(put)
    else await put()
    await call(url, 'POST', `/v1/documents/${document.id}/complete`, options)
    await call(url, 'POST', '/v1/exports', { ...options, body: { format: 'csv', filter: {} } })
    await call(url, 'POST', '/v1/projects', { ...options, body: { name: random.hex(12) } })
  }
  return async () => {
    for (const put of late) await put()
  }
}

async function insist(work: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await work()
    if (answer.status < 500) return answer
  }
}

interface Waiting {
  id: string
  target: string
  body: Envelope
  later: boolean
}

interface Delivered {
  /** The messages of the erasure itself. */
  parts: Set<string>
  outcomes: string[]
}

/** Delivers what the dying process has left in its outbox, in any order and often more than once, until nothing is left. */
async function deliverAll(url: string, orgId: string, random: Random): Promise<Delivered> {
  const own = [eraseOrganization, forgetOrganization, removeLateObjects].map(({ name }) => name)
  const seen: Delivered = { parts: new Set(), outcomes: [] }
  for (;;) {
    const rows = await owner<Waiting[]>`
      select id, target, body, not_before is not null as later from outbox
      where org_id = ${orgId} and target in ${owner(own)}`
    if (rows.length === 0) return seen
    const due = rows.some((row) => !row.later) ? rows.filter((row) => !row.later) : [...rows]
    const row = random.pick(due)
    const audience = `${product.services.config.FUNCTIONS_URL}/${row.target}`
    const token = await product.signPush(audience)
    const answers = await Promise.all(
      Array.from({ length: random.integer(1, 3) }, () =>
        call(url, 'POST', `/functions/${row.target}`, { token, body: row.body }),
      ),
    )
    if (row.target === eraseOrganization.name) seen.parts.add(row.id)
    seen.outcomes.push(...answers.map(({ status, body }) => (status === 200 ? body.outcome : String(status))))
    if (answers.some(({ status }) => status === 200)) await owner`delete from outbox where id = ${row.id}`
  }
}

/** But for tasks whose time is minutes away, which the outbox's sweeper may have sent in the place of the dying process. */
const isAtRest = async () =>
  (await product.cloud.depth()).every(
    ({ queue, waiting, active, delayed }) =>
      queue.startsWith('schedule') || waiting + active + (queue === 'tasks.long-running' ? 0 : delayed) === 0,
  )

describe(`an organization deleted by a process that is killed again and again (seed ${seed})`, () => {
  for (let round = 1; round <= rounds; round++) {
    test(`leaves nothing behind while its people go on working, and the other one untouched (${round})`, async () => {
      const random = new Random(seed + round)
      const [victim, other] = await Promise.all([
        makeTenant(product, `Victim${round}`),
        makeTenant(product, `Other${round}`),
      ])
      await fatten(victim)
      await expect.poll(isAtRest, { timeout: 15_000 }).toBe(true)
      const before = await fingerprintOf(owner, other.orgId)
      const objectsBefore = await objectsOf(product.dataFolder, other.orgId)
      const dying = await startProcess(faultyServices(product.services, random, 0.3))
      const quitting = new AbortController()
      const working = goOnWorking(victim, new Random(seed - round), quitting.signal)
      await sleep(random.integer(0, 300))

      const deleted = await insist(() =>
        call(dying.url, 'DELETE', `/v1/organizations/${victim.orgId}?confirm=${victim.name}`, { token: victim.token }),
      )
      expect(deleted.status, JSON.stringify(deleted.body)).toBe(202)
      const seen = await deliverAll(dying.url, victim.orgId, random)
      quitting.abort()
      const putLate = await working
      await putLate()
      dying.stop()
      await expect.poll(isAtRest, { timeout: 15_000 }).toBe(true)

      // As at its time, when no signed URL is good any more.
      const audience = `${product.services.config.FUNCTIONS_URL}/${removeLateObjects.name}`
      const envelope: Envelope = {
        id: newId(),
        event_type: removeLateObjects.name,
        org_id: victim.orgId,
        workspace_id: null,
        actor_id: null,
        correlation_id: 'test',
        traceparent: null,
        payload: { places: placesOf(victim.orgId) },
        timestamp: new Date().toISOString(),
      }
      const swept = await call(product.url, 'POST', `/functions/${removeLateObjects.name}`, {
        token: await product.signPush(audience),
        body: envelope,
      })
      expect(swept.body).toEqual({ outcome: 'done' })

      // Two parts of files, three of rows, and the last look at least: and not all of them at the first try.
      expect(seen.parts.size).toBeGreaterThanOrEqual(6)
      expect(seen.outcomes).toEqual(expect.arrayContaining(['done', '503']))
      expect(seen.outcomes.filter((outcome) => !['done', 'duplicate', '503'].includes(outcome))).toEqual([])
      expect(await rowsOf(owner, victim.orgId)).toEqual({})
      expect(await objectsOf(product.dataFolder, victim.orgId)).toEqual([])
      expect(await owner`select consumer, error from dead_letters`).toEqual([])
      expect(await fingerprintOf(owner, other.orgId)).toEqual(before)
      expect(await objectsOf(product.dataFolder, other.orgId)).toEqual(objectsBefore)
    }, 60_000)
  }
})

test('goes on by itself when what it needs was out of order for all its attempts, and says so', async () => {
  const victim = await makeTenant(product, 'HeldUp', 1)
  const refuse = async () => {
    throw new Error('out of order')
  }
  const { objects } = product.services
  const broken = await startProcess({ ...product.services, objects: { ...objects, removeSome: refuse } })
  const path = `/v1/organizations/${victim.orgId}?confirm=${victim.name}`
  const { body: job } = await call(broken.url, 'DELETE', path, { token: victim.token })
  const due = () => owner<Waiting[]>`
    select id, target, body, not_before is not null as later from outbox where org_id = ${victim.orgId}`
  const [first] = await due()
  const token = await product.signPush(`${product.services.config.FUNCTIONS_URL}/${eraseOrganization.name}`)
  const deliver = (retries: number) =>
    call(broken.url, 'POST', `/functions/${eraseOrganization.name}`, {
      token,
      body: first!.body,
      headers: { 'x-cloudtasks-taskretrycount': String(retries) },
    })
  expect((await deliver(0)).status).toBe(500)
  expect((await deliver(4)).body).toEqual({ outcome: 'dead-lettered' })
  await owner`delete from outbox where id = ${first!.id}`
  // Beside the alert that a letter was written.
  expect((await due()).filter(({ target }) => target !== 'alerts')).toMatchObject([
    { target: eraseOrganization.name, later: true },
  ])
  const watched = await call(product.url, 'GET', `/v1/jobs/${job.id}`, {
    token: victim.token,
    headers: { 'x-org-id': victim.orgId },
  })
  expect(watched.body).toMatchObject({ status: 'running', message: 'Held up; it goes on by itself' })
  broken.stop()
  const sound = await startProcess(product.services)
  await deliverAll(sound.url, victim.orgId, new Random(seed))
  sound.stop()
  expect(await rowsOf(owner, victim.orgId)).toEqual({})
  expect(await objectsOf(product.dataFolder, victim.orgId)).toEqual([])
})
