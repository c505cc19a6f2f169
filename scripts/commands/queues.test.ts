import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { type EmbeddedCloud, startEmbeddedCloud } from '#shared/platform/push/embedded.ts'
import { signTestToken, silentLog } from '#shared/platform/push/embedded-test-cloud.ts'
import { Receiver } from '#shared/platform/push/test-receiver.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { buildPushPlan } from '#shared/runtime/manifest.ts'
import { cloneDatabase, type TestDatabase } from '../../tests/setup/database.ts'

const program = fileURLToPath(new URL('../adapt.ts', import.meta.url))
const subscriber = 'notifications-document-finished'

let clone: TestDatabase
let cloudDatabase: Awaited<ReturnType<typeof createTestDatabase>>
let owner: postgres.Sql
let cloud: EmbeddedCloud
let receiver: Receiver
let folder: string

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  cloudDatabase = await createTestDatabase(inject('clusterUrl'))
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  folder = await mkdtemp(join(tmpdir(), 'adapt-queues-'))
  receiver = await Receiver.start()
  const plan = buildPushPlan(await discoverFunctions())
  cloud = await startEmbeddedCloud({
    databaseUrl: cloudDatabase.url,
    // Schedules would come due as the clock pleases.
    plan: { ...plan, schedules: [], queues: plan.queues.map((queue) => ({ ...queue, concurrency: 1 })) },
    urlOf: receiver.urlOf,
    signToken: signTestToken,
    log: silentLog,
    stopGraceSeconds: 0,
  })
})
afterAll(async () => {
  await cloud.stop()
  await receiver.stop()
  await owner.end()
  await clone.drop()
  await cloudDatabase.drop()
  await rm(folder, { recursive: true, force: true })
})

interface Run {
  code: number
  output: string
  errors: string
}

/** Runs `npm run adapt -- queues …`, as its own process. */
function queues(args: string[], environment?: Record<string, string>): Promise<Run> {
  const ours = { DATABASE_OWNER_URL: clone.ownerUrl, CLOUD_DATABASE_URL: cloudDatabase.url }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, 'queues', ...args],
      { env: { PATH: process.env.PATH, ...(environment ?? ours) }, cwd: folder },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    )
  })
}

describe('adapt queues', () => {
  test('tells per queue and subscription what waits and for how long, what is under way, done and given up', async () => {
    receiver.answer('documents-scan', () => 'never')
    receiver.answer(subscriber, () => 200)
    const task = { queue: 'default', target: 'documents-scan', body: '{}' }
    await cloud.queue.enqueue([
      ...Array.from({ length: 3 }, () => ({ ...task, id: newId() })),
      { ...task, id: newId(), notBefore: new Date(Date.now() + 3_600_000) },
    ])
    const { eventTypes, topic } = buildPushPlan(await discoverFunctions()).subscriptions.find(
      ({ target }) => target === subscriber,
    )!
    const message = { topic, body: '{}', attributes: { event_type: eventTypes[0]! } }
    await cloud.bus.publish([
      { ...message, id: newId() },
      { ...message, id: newId(), orderingKey: 'a' },
    ])
    await vi.waitFor(async () => expect(await cloud.depth()).toMatchObject([{ active: 1, waiting: 2, delayed: 1 }]))
    for (const [kind, consumer, status] of [
      ['task', 'documents-scan', 'open'],
      ['task', 'documents-scan', 'open'],
      ['task', 'documents-scan', 'discarded'],
      ['event', subscriber, 'open'],
      ['event', subscriber, 'redriven'],
      ['event', 'no-longer-there', 'open'],
    ] as const) {
      await owner`
        insert into dead_letters (id, kind, consumer, message_id, body, attempts, error, status)
        values (${newId()}, ${kind}, ${consumer}, ${newId()}, '{}', 5, '{}', ${status})`
    }
    await owner`insert into organizations (id, name) values (${'018f0000-0000-7000-8000-000000000001'}, 'Example')`
    await owner`
      insert into outbox (id, org_id, kind, target, body, created_at)
      values (${newId()}, ${'018f0000-0000-7000-8000-000000000001'}, 'event', 'documents', '{}', now() - interval '2 minutes')`

    const { code, output } = await queues(['--json'])
    expect(code).toBe(0)
    const report = JSON.parse(output)
    const of = (name: string) => report.queues.find((queue: { name: string }) => queue.name === name)
    const zero = {
      waiting: 0,
      delayed: 0,
      active: 0,
      oldestSeconds: 0,
      addedPerMinute: 0,
      donePerMinute: 0,
      deadLetters: 0,
    }
    expect(of('default')).toMatchObject({
      kind: 'queue',
      waiting: 2,
      delayed: 1,
      active: 1,
      addedPerMinute: 4,
      deadLetters: 2,
    })
    expect(of('default').oldestSeconds).toBeGreaterThan(0)
    expect(of('priority')).toEqual({ kind: 'queue', name: 'priority', ...zero })
    expect(of(subscriber)).toMatchObject({ kind: 'subscription', waiting: 0, donePerMinute: 2, deadLetters: 1 })
    expect(of('no-longer-there')).toMatchObject({ kind: 'undeclared', deadLetters: 1 })
    expect(report.outbox).toEqual({ waiting: 1, oldestSeconds: expect.any(Number) })
    expect(report.outbox.oldestSeconds).toBeGreaterThanOrEqual(120)

    const shown = (await queues([])).output
    expect(shown).toMatch(/^queue +default +2 +\d+ s +1 +1 +4 +0 +2$/m)
    expect(shown).toMatch(/^queue +priority +0 +- +0 +0 +0 +0 +0$/m)
    expect(shown).toContain('outbox): 1, oldest 2 min')
    expect(shown).not.toContain('schedules')
    expect((await queues(['--all'])).output).toContain('schedules')
  })

  test('says where to look instead when there is no embedded cloud, and never a password', async () => {
    const elsewhere = [
      { DATABASE_OWNER_URL: clone.ownerUrl },
      { DATABASE_OWNER_URL: clone.ownerUrl, CLOUD_DATABASE_URL: clone.ownerUrl },
    ]
    for (const environment of elsewhere) {
      const { code, errors } = await queues(['--json'], environment)
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('gcloud tasks queues list') })
      expect(errors).not.toContain(new URL(clone.ownerUrl).password)
    }
    const nowhere = await queues([], { DATA_FOLDER: folder })
    expect(nowhere).toMatchObject({ code: 1, errors: expect.stringContaining('npm start') })
  })

  test('refuses arguments that it does not know', async () => {
    expect((await queues(['--everything'])).code).toBe(2)
    expect((await queues(['default'])).code).toBe(2)
  })
})
