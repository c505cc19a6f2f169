import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { eventType, taskType } from '#shared/domain/messaging.ts'
import type { Sql } from '#shared/domain/sql.ts'
import { type Database, openDatabase } from '#shared/platform/database/index.ts'
import {
  type BaseContext,
  defineCron,
  defineEvent,
  defineTask,
  type JobContext,
  type RunCron,
} from '#shared/runtime/declarations.ts'
import type { DiscoveredFunction } from '#shared/runtime/discover.ts'
import { queuePolicies } from '#shared/runtime/policies.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import type { Carried } from './carrier.ts'
import { Random } from './random.ts'
import { openStage, type Stage, signUp } from './stage.ts'

/** Repeat a run with ADAPT_FAULT_SEED=…; moments still depend on the machine. */
const seed = Number(process.env.ADAPT_FAULT_SEED ?? randomInt(2 ** 31))
const timeoutSeconds = 0.1
/** So long a transaction may wait for its next statement: the database ends it then. */
const databaseSeconds = 2
const attempts = queuePolicies.default.attempts
/** Of the sender; those that fail are no more than two besides. */
const impatientAttempts = 4
vi.setConfig({ testTimeout: 120_000 })

const Payload = v.object({ mark: v.string() })
type Payload = v.InferOutput<typeof Payload>
const lateTask = taskType('default', 'test-late-task', Payload)
const lateEvent = eventType('documents', 'test.late', Payload)

/** What a handler does when it comes to one of its two waits; the transaction is open in the second. */
type Stay = (place: 'prepare' | 'run', context: Pick<BaseContext<unknown>, 'signal'>, mark: string) => Promise<void>
let stay: Stay

const effect = (sql: Sql, mark: string, what: string) => sql`insert into effects (mark, what) values (${mark}, ${what})`
const module = {
  prepare: (context: BaseContext<unknown>, { mark }: Payload) => stay('prepare', context, mark),
  async run(context: JobContext, { mark }: Payload) {
    await effect(context.sql, mark, 'done')
    await stay('run', context, mark)
  },
  async failed({ sql }: JobContext, { mark }: Payload) {
    await effect(sql, mark, 'failed')
  },
}
const handler = async () => module
const run: RunCron = async (context, { scheduledAt }) => {
  await effect(context.sql, scheduledAt.toISOString(), 'done')
  await stay('run', context, scheduledAt.toISOString())
}
const [summary, resources] = ['Takes its time', { timeoutSeconds }]
const functions: DiscoveredFunction[] = [
  {
    name: 'test-late-task',
    folder: 'test/late-task',
    declaration: defineTask({ task: lateTask, summary, resources, handler }),
  },
  {
    name: 'test-late-event',
    folder: 'test/late-event',
    declaration: defineEvent({
      on: lateEvent,
      summary,
      resources,
      retry: { attempts, minimumBackoffSeconds: 1, maximumBackoffSeconds: 1 },
      handler,
    }),
  },
  {
    name: 'test-late-cron',
    folder: 'test/late-cron',
    declaration: defineCron({
      cron: '* * * * *',
      timeZone: 'Etc/UTC',
      summary,
      resources,
      handler: async () => ({ run }),
    }),
  },
]

/** One whose database ends what waits, and one whose database waits for longer than anything here takes. */
const databaseTimeouts = { strict: databaseSeconds, patient: 30 }
type Name = keyof typeof databaseTimeouts

let stage: Stage
const databases: Database[] = []
const instances = {} as Record<Name, Instance>
let orgId: string

beforeAll(async () => {
  console.log(`ADAPT_FAULT_SEED=${seed}`)
  stage = await openStage()
  const { product, owner, carrier } = stage
  carrier.attemptsTold = Number.POSITIVE_INFINITY
  await signUp(stage)
  const [organization] = await owner<{ id: string }[]>`select id from organizations`
  orgId = organization!.id
  await owner`create table effects (mark text not null, what text not null)`
  await owner`grant insert on effects to adapt_app`
  const { bus, queue } = carrier
  for (const [name, seconds] of Object.entries(databaseTimeouts)) {
    const database = openDatabase({
      url: product.database.appUrl,
      poolSize: 40,
      connectTimeoutSeconds: 30,
      statementTimeoutSeconds: seconds,
      applicationName: 'late',
    })
    databases.push(database)
    instances[name as Name] = await startInstance({ ...product.services, database, bus, queue }, functions)
  }
})
beforeEach(async () => {
  await stage.owner`delete from effects`
  await stage.owner`delete from dead_letters`
})
afterAll(async () => {
  for (const { stop } of Object.values(instances)) await stop()
  for (const database of databases) await database.close()
  await stage?.close()
})

function newMessage(kind: 'task' | 'event' | 'schedule', mark: string): Carried {
  const common = { attributes: {}, later: false, attempt: 1 }
  if (kind === 'schedule') return { ...common, id: mark, kind, target: 'test-late-cron', body: mark }
  const id = newId()
  const body = JSON.stringify({
    ...{ id, event_type: 'test.late', org_id: orgId, workspace_id: null, actor_id: null, correlation_id: 'test' },
    ...{ traceparent: null, payload: { mark }, timestamp: new Date().toISOString() },
  })
  return { ...common, id, kind, target: `test-late-${kind}`, body }
}

const deliver = (message: Carried, attempt = 1, name: Name = 'patient') =>
  stage.carrier.deliver(instances[name].url, { ...message, attempt })
const effects = async (mark: string) =>
  (await stage.owner<{ what: string }[]>`select what from effects where mark = ${mark}`).map(({ what }) => what)
const letters = () => stage.owner<{ message_id: string }[]>`select message_id from dead_letters`

/** Lets the first who comes to this place stay there; the others go on. */
function holdFirst(at: 'prepare' | 'run') {
  const late = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let comers = 0
  stay = async (place, { signal }) => {
    if (place !== at || comers++ > 0) return
    if (!signal.aborted) await once(signal, 'abort')
    late.resolve()
    await released.promise
  }
  return { isLate: late.promise, release: () => released.resolve() }
}

/** Waits until somebody waits in the database for the inbox row of another. */
async function untilOneWaits(): Promise<void> {
  const waiting = () =>
    stage.owner`select 1 from pg_stat_activity where application_name = 'late' and wait_event_type = 'Lock'`
  await expect.poll(async () => (await waiting()).length, { timeout: 60_000, interval: 10 }).toBeGreaterThan(0)
}

for (const kind of ['task', 'event'] as const) {
  test(`${kind}: who is late before its transaction is told so, and finds that the next delivery has done it`, async () => {
    const message = newMessage(kind, newId())
    const { mark } = JSON.parse(message.body).payload
    const { isLate, release } = holdFirst('prepare')
    const first = deliver(message)
    await isLate
    expect(await deliver(message, 2)).toBe('done')
    release()
    expect(await first).toBe('duplicate')
    expect(await effects(mark)).toEqual(['done'])
  })

  test(`${kind}: the next delivery waits for who is late inside its transaction, and does nothing when that one ends well`, async () => {
    const message = newMessage(kind, newId())
    const { mark } = JSON.parse(message.body).payload
    const { isLate, release } = holdFirst('run')
    const first = deliver(message)
    await isLate
    const second = deliver(message, 2)
    await untilOneWaits()
    release()
    expect([await first, await second]).toEqual(['done', 'duplicate'])
    expect(await effects(mark)).toEqual(['done'])
  })

  test(`${kind}: who is so late that the database has ended its transaction can't commit any more`, async () => {
    const message = newMessage(kind, newId())
    const { mark } = JSON.parse(message.body).payload
    const { isLate, release } = holdFirst('run')
    const first = deliver(message, 1, 'strict')
    await isLate
    let outcome = '503'
    for (let attempt = 2; outcome === '503' && attempt < attempts; attempt++) outcome = await deliver(message, attempt)
    expect(outcome).toBe('done')
    release()
    expect(await first).toBe('503')
    expect(await effects(mark)).toEqual(['done'])
  })

  test(`${kind}: who is late while the message is given up has no effect; the letter is written, and its function tidies up, once`, async () => {
    const message = newMessage(kind, newId())
    const { mark } = JSON.parse(message.body).payload
    const { isLate, release } = holdFirst('prepare')
    const first = deliver(message, attempts)
    await isLate
    const spare = await Promise.all([deliver(message, attempts + 1), deliver(message, attempts + 1)])
    expect(spare.sort()).toEqual(['dead-lettered', 'duplicate'])
    release()
    expect(await first).toBe('duplicate')
    expect(await effects(mark)).toEqual(['failed'])
    expect(await letters()).toEqual([{ message_id: message.id }])
  })
}

test('schedule: a run that outlives its deadline is not run beside itself', async () => {
  const message = newMessage('schedule', '2026-11-21T12:00:00.000Z')
  const { isLate, release } = holdFirst('run')
  const first = deliver(message)
  await isLate
  const second = deliver(message, 2)
  await untilOneWaits()
  release()
  expect([await first, await second]).toEqual(['done', 'duplicate'])
  expect(await effects(message.id)).toEqual(['done'])
})

for (const roundSeed of [seed, seed + 1]) {
  test(`whatever is late wherever, and however often it is delivered meanwhile: one effect, or one letter for poison (seed ${roundSeed})`, async () => {
    const random = new Random(roundSeed)
    const poison = new Set<string>()
    const failures = new Map<string, number>()
    const fail = (mark: string, error: unknown) => {
      failures.set(mark, (failures.get(mark) ?? 0) + 1)
      throw error
    }
    stay = async (place, { signal }, mark) => {
      if (poison.has(mark)) {
        if (random.next() < 0.5) await sleep(random.integer(0, 300))
        throw new Error('poison')
      }
      const mayFail = (failures.get(mark) ?? 0) < 2
      const way = random.pick(['goes on', 'is late', 'is late', 'listens', 'fails late'] as const)
      if (way === 'goes on') return
      if (way === 'listens' && mayFail) {
        if (!signal.aborted) await once(signal, 'abort')
        fail(mark, signal.reason)
      }
      await sleep(random.integer(0, place === 'run' ? 250 : 400))
      if (way === 'fails late' && mayFail) fail(mark, new Error('it was in vain'))
    }
    const messages = Array.from({ length: 24 }, (_, at) => {
      const message = newMessage(at % 2 === 0 ? 'task' : 'event', newId())
      const { mark } = JSON.parse(message.body).payload as Payload
      if (at % 8 === 0) poison.add(mark)
      return { message, mark }
    })
    const outcomes = new Map<string, string[]>()
    await Promise.all(
      messages.map(async ({ message, mark }) => {
        const answers: Promise<string>[] = []
        let isSettled = false
        for (let attempt = 1; !isSettled; attempt++) {
          expect(attempt).toBeLessThanOrEqual(attempts)
          const answer = deliver(message, attempt)
          answers.push(answer)
          // The sender gives up at the deadline, and delivers again while the function still runs; not for ever, or a machine
          // that is slow would make poison of everything.
          const deadline = attempt <= impatientAttempts ? sleep(timeoutSeconds * 1000 + 50, '503') : answer
          isSettled = !/^\d+$/.test(await Promise.race([answer, deadline]))
        }
        outcomes.set(mark, await Promise.all(answers))
      }),
    )
    for (const { mark } of messages) {
      const expected = poison.has(mark) ? 'failed' : 'done'
      expect(await effects(mark), outcomes.get(mark)?.join()).toEqual([expected])
    }
    const given = (await letters()).map(({ message_id }) => message_id).sort()
    expect(given).toEqual(
      messages
        .filter(({ mark }) => poison.has(mark))
        .map(({ message }) => message.id)
        .sort(),
    )
    // The deadlines were real: some messages were delivered while an earlier delivery was under way.
    expect([...outcomes.values()].filter((answers) => answers.includes('duplicate')).length).toBeGreaterThan(3)
  })
}
