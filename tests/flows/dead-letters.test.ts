import postgres from 'postgres'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { alerter } from '#shared/domain/dead-letters/alert.ts'
import { remedies } from '#shared/domain/dead-letters/remedies.ts'
import { writeDeadLetter } from '#shared/domain/dead-letters/write.ts'
import { newId } from '#shared/domain/ids.ts'
import { Envelope } from '#shared/domain/messaging.ts'
import { nobody } from '#shared/platform/database/index.ts'
import { type Declaration, defineEvent, defineTask } from '#shared/runtime/declarations.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { defaultRetry, queuePolicies, spareAttempts } from '#shared/runtime/policies.ts'
import { createWorld, type World } from '../contract/world.ts'
import { call } from '../setup/product.ts'

const functions = await discoverFunctions()

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

const send = (method: string, path: string, body?: unknown, token = world.tokens.owner) =>
  call(world.product.url, method, path, { token, ...(body === undefined ? {} : { body }) })

function declarationOf(name: string): Declaration {
  return functions.find((one) => one.name === name)!.declaration
}

/** The same function, which does this instead. */
function doing(name: string, run: () => Promise<void>): Declaration {
  const declaration = declarationOf(name)
  const handler = async () => ({ run })
  if (declaration.kind === 'event') return defineEvent({ ...declaration, handler })
  if (declaration.kind === 'task') return defineTask({ ...declaration, handler })
  throw new Error(`${name} is no job`)
}

const event = 'notifications-document-finished'
const fails = async () => {
  throw new Error('boom')
}

/** An event that its function has given up after its last attempt. */
async function giveUpEvent(): Promise<{ id: string; messageId: string }> {
  const message = world.envelope({ document_id: world.documentId, job_id: world.jobId, outcome: 'ready' })
  const push = { body: message, attempt: defaultRetry.attempts }
  expect((await world.deliver(event, doing(event, fails), push)).outcome).toBe('dead-lettered')
  return { id: await letterOf(message.id), messageId: message.id }
}

/** A document that its function has given up. */
async function giveUpDocument() {
  const step = await world.documentAt('scan')
  const message = world.envelope(step)
  const declaration = declarationOf('documents-scan') as Extract<Declaration, { kind: 'task' }>
  const { failed } = (await declaration.handler()) as { failed: unknown }
  const broken = { ...declaration, handler: async () => ({ run: fails, failed }) }
  const push = { body: message, attempt: queuePolicies.default.attempts }
  expect((await world.deliver('documents-scan', broken, push)).outcome).toBe('dead-lettered')
  return { ...step, letterId: await letterOf(message.id) }
}

async function letterOf(messageId: string): Promise<string> {
  const [letter] = await owner`select id from dead_letters where message_id = ${messageId}`
  return letter?.id
}

const read = async (id: string) => (await send('GET', `/v1/dead-letters/${id}`)).body

/** What waits to be sent for a function, as the sweeper would send it. */
const waitingFor = (target: string) =>
  owner<{ id: string; queue: string; body: { id: string } }[]>`
    select id, queue, body from outbox where target = ${target} order by created_at, id`

/** Delivers what waits for the function as its queue does. */
async function deliverTasks(name: string, declaration: Declaration, attempt = 1) {
  const rows = await waitingFor(name)
  await owner`delete from outbox where target = ${name}`
  const outcomes: (string | null)[] = []
  for (const { body } of rows) {
    outcomes.push((await world.deliver(name, declaration, { body, attempt, asTask: true })).outcome)
  }
  return outcomes
}

/** Delivers the alerts that wait to be sent. */
async function deliverAlerts() {
  const rows = await waitingFor('alerts')
  await owner`delete from outbox where target = 'alerts'`
  const deliveries = rows.map(({ body }) => world.deliver(alerter, declarationOf(alerter), { body }))
  return (await Promise.all(deliveries)).map(({ outcome }) => outcome)
}

describe('a message that was given up', () => {
  test('is sent again to its one function under one new id, and its letter says so', async () => {
    const { id, messageId } = await giveUpEvent()
    const answer = await send('POST', `/v1/dead-letters/${id}/redrive`)
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({ id, status: 'redriven', redrives: 1, resolved_by: world.ownerId })
    const [task, ...others] = await waitingFor(event)
    expect(others).toEqual([])
    expect(task).toMatchObject({ queue: 'default', body: { payload: { document_id: world.documentId } } })
    expect(task?.body.id).toBe(task?.id)
    expect(task?.id).not.toBe(messageId)
    expect(await deliverTasks(event, declarationOf(event))).toEqual(['done'])
    expect(await read(id)).toMatchObject({ status: 'redriven', attempts: defaultRetry.attempts })
  })

  test('is sent once, whoever redrives it at the same time', async () => {
    const { id } = await giveUpEvent()
    const answers = await Promise.all([1, 2, 3, 4].map(() => send('POST', `/v1/dead-letters/${id}/redrive`)))
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409])
    const waiting = await waitingFor(event)
    expect(waiting).toHaveLength(1)
    const [message] = waiting
    expect(await deliverTasks(event, declarationOf(event))).toEqual(['done'])
    const late = { body: message?.body, asTask: true as const, attempt: 2 }
    expect((await world.deliver(event, declarationOf(event), late)).outcome).toBe('duplicate')
  })

  test('opens the same letter again when it is poison still, and can then be sent once more', async () => {
    const { id } = await giveUpEvent()
    const count = async () => (await owner`select 1 from dead_letters where consumer = ${event}`).length
    const before = await count()
    for (const redrives of [1, 2]) {
      expect((await send('POST', `/v1/dead-letters/${id}/redrive`)).body).toMatchObject({ redrives })
      expect(await deliverTasks(event, doing(event, fails), defaultRetry.attempts)).toEqual(['dead-lettered'])
      const attempts = defaultRetry.attempts * (redrives + 1)
      expect(await read(id)).toMatchObject({ status: 'open', redrives, attempts, error: { code: 'INTERNAL' } })
    }
    expect(await count()).toBe(before)
    expect((await send('POST', `/v1/dead-letters/${id}/redrive`)).status).toBe(202)
    expect(await deliverTasks(event, declarationOf(event))).toEqual(['done'])
  })

  test('by its subscription alone, is not sent again when its function had done it, and not done by it afterwards', async () => {
    const [done, late] = [1, 2].map(() =>
      world.envelope({ document_id: world.documentId, job_id: world.jobId, outcome: 'ready' }),
    )
    await world.deliver(event, declarationOf(event), { body: done })
    for (const message of [done, late]) {
      await owner`
        insert into dead_letters (id, org_id, kind, consumer, message_id, body, attempts, error)
        values (${newId()}, ${world.orgId}, 'event', ${event}, ${message!.id}, ${owner.json(message as never)}, 10,
          ${owner.json({ code: 'NOT_ACKNOWLEDGED', message: 'never answered' })})`
    }
    const refused = await send('POST', `/v1/dead-letters/${await letterOf(done!.id)}/redrive`)
    expect(refused).toMatchObject({ status: 409, body: { error: { message: expect.stringContaining('dealt with') } } })
    expect((await send('POST', `/v1/dead-letters/${await letterOf(late!.id)}/redrive`)).status).toBe(202)
    expect((await world.deliver(event, declarationOf(event), { body: late })).outcome).toBe('duplicate')
    expect(await deliverTasks(event, declarationOf(event))).toEqual(['done'])
  })

  test('is discarded without what it said, and then neither sent nor discarded again', async () => {
    const { id } = await giveUpEvent()
    expect((await read(id)).body.payload).toMatchObject({ document_id: world.documentId })
    expect((await send('DELETE', `/v1/dead-letters/${id}`)).status).toBe(204)
    expect(await read(id)).toMatchObject({ status: 'discarded', body: null, discarded_at: expect.any(String) })
    expect((await send('POST', `/v1/dead-letters/${id}/redrive`)).status).toBe(409)
    expect((await send('DELETE', `/v1/dead-letters/${id}`)).status).toBe(409)
    expect(await waitingFor(event)).toEqual([])
  })

  test('stands in the audit log when it is sent again or discarded', async () => {
    const { id } = await giveUpEvent()
    await send('POST', `/v1/dead-letters/${id}/redrive`)
    await deliverTasks(event, declarationOf(event))
    await send('DELETE', `/v1/dead-letters/${id}`)
    const entries = await owner`
      select action, actor_id from audit_logs where target_id = ${id} order by sequence`
    expect([...entries]).toEqual([
      { action: 'dead_letter.redriven', actor_id: world.ownerId },
      { action: 'dead_letter.discarded', actor_id: world.ownerId },
    ])
  })

  test('is told to each owner and admin once in an hour for its function, and to nobody else', async () => {
    await owner`delete from notifications where kind = 'dead_letter.created'`
    await owner`delete from outbox where target = 'alerts'`
    for (let round = 0; round < 3; round++) {
      await Promise.all([giveUpEvent(), giveUpEvent()])
      expect(new Set(await deliverAlerts())).toEqual(new Set(['done']))
    }
    const told = await owner<{ role: string }[]>`
      select m.role from notifications n join memberships m on m.user_id = n.user_id and m.org_id = n.org_id
      where n.kind = 'dead_letter.created' order by m.role`
    expect(told.map(({ role }) => role)).toEqual(['admin', 'owner'])
    await owner`update notifications set created_at = created_at - interval '61 minutes' where kind = 'dead_letter.created'`
    await giveUpEvent()
    await deliverAlerts()
    expect(await owner`select 1 from notifications where kind = 'dead_letter.created'`).toHaveLength(4)
  })

  test('a thousand times raises one alert and one notification for each manager, which tells how many they are', async () => {
    await owner`delete from notifications where kind = 'dead_letter.created'`
    const { orgId } = world
    const consumer = 'objects-remove-late'
    const error = { code: 'INTERNAL', message: 'Out of order' }
    await owner`delete from dead_letters where consumer = ${consumer}`
    const giveUp = (count: number) =>
      world.services.database.transaction({ ...nobody, orgId, workspaceId: 'any' }, async (sql) => {
        for (let n = 0; n < count; n++) {
          const body = world.envelope({ n })
          const letter = { kind: 'task', consumer, queue: 'long-running', attempts: 5, error } as const
          await writeDeadLetter(sql, { ...letter, orgId, messageId: body.id, body })
        }
      })
    await giveUp(1)
    await Promise.all([333, 333, 333].map(giveUp))
    const [alert, ...others] = await waitingFor('alerts')
    expect(others).toEqual([])
    expect(v.is(Envelope, alert?.body)).toBe(true)
    expect(alert?.body).toMatchObject({ event_type: 'dead_letter.created', payload: { consumer, error } })
    expect(await deliverAlerts()).toEqual(['done'])
    const told = await owner<{ body: string }[]>`select body from notifications where kind = 'dead_letter.created'`
    expect(told.map(({ body }) => body)).toEqual(
      Array(2).fill('Out of order. 1000 messages are kept as dead letters, to be sent again or discarded.'),
    )
  })

  test('and made good before the alert arrives is told to nobody', async () => {
    await owner`delete from notifications where kind = 'dead_letter.created'`
    await owner`update dead_letters set status = 'discarded' where status = 'open'`
    const { id } = await giveUpEvent()
    await send('DELETE', `/v1/dead-letters/${id}`)
    expect(await deliverAlerts()).toEqual(['done'])
    expect(await owner`select 1 from notifications where kind = 'dead_letter.created'`).toEqual([])
  })

  test('by the function that tells of alerts raises none', async () => {
    const body = world.envelope({ poison: true })
    expect((await world.deliver(alerter, declarationOf(alerter), { body })).outcome).toBe('dead-lettered')
    expect(await waitingFor('alerts')).toEqual([])
  })
})

describe('a document that was given up', () => {
  test('is processed again from the start by its letter, also by who works in another workspace', async () => {
    const { document_id, job_id, letterId } = await giveUpDocument()
    const scans = await waitingFor('documents-scan')
    const { id: elsewhere } = (await send('POST', '/v1/workspaces', { name: newId() })).body
    const answer = await call(world.product.url, 'POST', `/v1/dead-letters/${letterId}/redrive`, {
      token: world.tokens.owner,
      headers: { 'x-workspace-id': elsewhere },
    })
    expect(answer.status, JSON.stringify(answer.body)).toBe(202)
    const { body: document } = await send('GET', `/v1/documents/${document_id}`)
    expect(document).toMatchObject({ status: 'processing', error: null })
    expect(document.job_id).not.toBe(job_id)
    expect(await waitingFor('documents-scan')).toEqual(scans)
    const waiting = await waitingFor('documents-validate')
    expect(waiting.map(({ body }) => body)).toContainEqual(
      expect.objectContaining({ payload: { document_id, job_id: document.job_id } }),
    )
  })

  test('and has been processed again since is not touched by its letter', async () => {
    const { document_id, letterId } = await giveUpDocument()
    const { body: again } = await send('POST', `/v1/documents/${document_id}/reprocess`)
    const answer = await send('POST', `/v1/dead-letters/${letterId}/redrive`)
    expect(answer).toMatchObject({ status: 409, body: { error: { message: expect.stringContaining('since') } } })
    expect((await send('GET', `/v1/documents/${document_id}`)).body.job_id).toBe(again.job_id)
  })

  test('among many is sent again once, and what can not be is told with its reason', async () => {
    const [first, second, third] = [await giveUpDocument(), await giveUpDocument(), await giveUpDocument()]
    await send('POST', `/v1/documents/${second.document_id}/reprocess`)
    const open = await owner`select 1 from dead_letters where consumer = 'documents-scan' and status = 'open'`
    const answers = await Promise.all(
      [1, 2].map(() => send('POST', '/v1/dead-letters/redrive', { consumer: 'documents-scan' })),
    )
    const redriven = answers.reduce((sum, { body }) => sum + body.redriven, 0)
    const refused = answers.flatMap(({ body }) =>
      body.refused.map((one: { dead_letter_id: string }) => one.dead_letter_id),
    )
    expect(refused).toContain(second.letterId)
    expect(redriven).toBe(open.length - new Set(refused).size)
    for (const { letterId } of [first, third]) {
      expect(await read(letterId)).toMatchObject({ status: 'redriven', redrives: 1 })
    }
  })
})

test('the letters of an organization are listed by function, kind and status, a page at a time', async () => {
  const ids = [(await giveUpEvent()).id, (await giveUpEvent()).id, (await giveUpEvent()).id]
  await send('DELETE', `/v1/dead-letters/${ids[1]}`)
  const query = `?consumer=${event}&kind=event&status=open&page[size]=1`
  const first = (await send('GET', `/v1/dead-letters${query}`)).body
  expect(first.data).toMatchObject([{ id: ids[2] }])
  const second = (await send('GET', `/v1/dead-letters${query}&page[cursor]=${first.meta.next_cursor}`)).body
  expect(second.data).toMatchObject([{ id: ids[0] }])
  const others = (await send('GET', `/v1/dead-letters?consumer=${event}&kind=task`)).body
  expect(others.data).toEqual([])
  const strangers = await send('GET', '/v1/dead-letters', undefined, world.tokens.stranger)
  expect(strangers.body.data).toEqual([])
})

test('for each function that tidies up it is decided how its message is made good', async () => {
  for (const { name, declaration } of functions) {
    if (declaration.kind !== 'task' && declaration.kind !== 'event') continue
    const { failed } = (await declaration.handler()) as { failed?: unknown }
    if (failed) expect([...remedies.keys()], name).toContain(name)
  }
})

test('the queue that sends events again tries as often as any of their functions allows', () => {
  for (const { name, declaration } of functions) {
    if (declaration.kind !== 'event') continue
    const { attempts } = declaration.retry ?? defaultRetry
    expect(queuePolicies.default.attempts + spareAttempts, name).toBeGreaterThan(attempts)
  }
})
