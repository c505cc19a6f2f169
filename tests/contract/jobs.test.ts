import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Declaration, JobFunction } from '#shared/runtime/declarations.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import type { MakeJobExample } from '#shared/runtime/examples.ts'
import { defaultRetry, queuePolicies } from '#shared/runtime/policies.ts'
import { fingerprint } from '../setup/fingerprint.ts'
import { createWorld, isJob, loadExample, type World } from './world.ts'

const functions = await discoverFunctions()
const jobs = functions.flatMap(({ name, folder, declaration }) =>
  isJob(declaration) ? [{ name, folder, job: declaration }] : [],
)
const crons = functions.flatMap(({ name, declaration }) =>
  declaration.kind === 'cron' ? [{ name, cron: declaration }] : [],
)

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

function attemptsOf(job: JobFunction): number {
  return job.kind === 'task' ? queuePolicies[job.task.queue].attempts : (job.retry ?? defaultRetry).attempts
}

/** The same function with a handler that always fails. */
function broken<D extends Declaration>(declaration: D): D {
  return {
    ...declaration,
    handler: async () => ({
      run: async () => {
        throw new Error('boom')
      },
    }),
  }
}

/** A handler that takes anything must be made to fail; for the others a bad payload does. */
const brokenFor = (name: string, job: JobFunction) => (name === 'operations-record-dead-letter' ? broken(job) : job)

const deadLettersOf = (consumer: string) =>
  owner`select message_id, attempts, error, org_id from dead_letters where consumer = ${consumer} order by created_at desc`

async function example(folder: string): Promise<unknown> {
  const make = await loadExample<MakeJobExample>(folder)
  return make(world)
}

/** A fingerprint without what a job tells of attempts that failed. */
async function everythingButNotes() {
  const { jobs: _jobs, job_events: _events, ...others } = await fingerprint(owner)
  const jobs = await owner`select id, status, done, total, result, error, finished_at from jobs order by id`
  return { ...others, jobs: [...jobs] }
}

async function expectRefusals(name: string, declaration: Declaration, body: unknown): Promise<void> {
  const before = await fingerprint(owner)
  const audience = `${world.services.config.FUNCTIONS_URL}/another-function`
  const tokens = {
    'no token': null,
    'a token for another function': await world.product.signPush(audience),
    'the token of a user': world.tokens.owner,
    'a token that is none': 'nonsense',
  }
  for (const [what, token] of Object.entries(tokens)) {
    const { status } = await world.deliver(name, declaration, { token, body })
    expect(status, what).toBe(401)
  }
  expect(await fingerprint(owner)).toEqual(before)
}

for (const { name, folder, job } of jobs) {
  describe(name, () => {
    test('only its sender can call it', async () => {
      await expectRefusals(name, job, world.envelope(await example(folder)))
    })

    test('a message that is delivered again has one effect', async () => {
      const body = world.envelope(await example(folder))
      expect(await world.deliver(name, job, { body })).toEqual({ status: 200, outcome: 'done' })
      const after = await fingerprint(owner)
      expect(await world.deliver(name, job, { body, attempt: 2 })).toEqual({ status: 200, outcome: 'duplicate' })
      expect(await fingerprint(owner)).toEqual(after)
    })

    test('a message that is delivered three times at once has one effect', async () => {
      const body = world.envelope(await example(folder))
      const outcomes = await Promise.all([1, 2, 3].map(() => world.deliver(name, job, { body })))
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['done', 'duplicate', 'duplicate'])
    })

    test('what is no message at all ends in the dead letters at once', async () => {
      const before = (await deadLettersOf(name)).length
      const { status, outcome } = await world.deliver(name, job, { body: 'not even json' })
      expect({ status, outcome }).toEqual({ status: 200, outcome: 'dead-lettered' })
      const letters = await deadLettersOf(name)
      expect(letters).toHaveLength(before + 1)
      expect(letters[0]).toMatchObject({ org_id: null, error: { code: 'MALFORMED_MESSAGE' } })
    })

    test('whatever poison comes is kept: text that no database can hold, an organization that is gone', async () => {
      const broken = { ...world.envelope({ text: 'a\0b\ud800' }), correlation_id: 'x\0' }
      const homeless = { ...world.envelope({ poison: true }), org_id: newId() }
      const attempt = attemptsOf(job)
      for (const body of [broken, homeless]) {
        const { status, outcome } = await world.deliver(name, brokenFor(name, job), { body, attempt })
        expect({ status, outcome }).toEqual({ status: 200, outcome: 'dead-lettered' })
        expect((await deadLettersOf(name)).map((letter) => letter.message_id)).toContain(body.id)
      }
    })

    if (name !== 'operations-record-dead-letter') {
      test('a message with a payload that can never be handled ends in the dead letters at once', async () => {
        const body = world.envelope({ poison: true })
        expect((await world.deliver(name, job, { body })).outcome).toBe('dead-lettered')
        const [letter] = await deadLettersOf(name)
        expect(letter).toMatchObject({ message_id: body.id, org_id: world.orgId, error: { code: 'VALIDATION_ERROR' } })
      })
    }

    test('a failing handler leaves nothing behind but a note in its job, and is to be tried again', async () => {
      const body = world.envelope(await example(folder))
      const before = await everythingButNotes()
      expect((await world.deliver(name, broken(job), { body })).status).toBe(500)
      expect(await everythingButNotes()).toEqual(before)
      expect((await world.deliver(name, job, { body, attempt: 2 })).outcome).toBe('done')
    })

    test('the last attempt that fails ends in the dead letters, once', async () => {
      const body = world.envelope(await example(folder))
      const attempt = attemptsOf(job)
      expect((await world.deliver(name, broken(job), { body, attempt: attempt - 1 })).status).toBe(500)
      expect((await world.deliver(name, broken(job), { body, attempt })).outcome).toBe('dead-lettered')
      const [letter] = await deadLettersOf(name)
      expect(letter).toMatchObject({ message_id: body.id, attempts: attempt, error: { code: 'INTERNAL' } })
      expect((await world.deliver(name, broken(job), { body, attempt: attempt + 1 })).outcome).toBe('duplicate')
    })
  })
}

for (const { name, cron } of crons) {
  describe(name, () => {
    test('only the scheduler can call it', () => expectRefusals(name, cron, ''))

    test('one schedule time has one effect', async () => {
      const scheduledAt = new Date('2026-01-01T00:00:00Z')
      expect((await world.deliver(name, cron, { body: '', scheduledAt })).outcome).toBe('done')
      expect((await world.deliver(name, cron, { body: '', scheduledAt })).outcome).toBe('duplicate')
    })

    test('a failing handler is to be tried again', async () => {
      const scheduledAt = new Date('2026-01-02T00:00:00Z')
      expect((await world.deliver(name, broken(cron), { body: '', scheduledAt })).status).toBe(500)
      expect((await world.deliver(name, cron, { body: '', scheduledAt })).outcome).toBe('done')
    })
  })
}
