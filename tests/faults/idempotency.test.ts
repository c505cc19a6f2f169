import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { run as prune } from '#functions/operations/prune-inbox/handler.ts'
import { newId } from '#shared/domain/ids.ts'
import { type Database, system } from '#shared/platform/database/index.ts'
import type { CronContext } from '#shared/runtime/declarations.ts'
import {
  type Claim,
  claimRequest,
  type IdempotencyOptions,
  type IdempotentRequest,
  type Replay,
} from '#shared/runtime/idempotency.ts'
import { silentLogger } from '#shared/runtime/log.ts'
import type { Reply } from '#shared/runtime/reply.ts'
import { cloneDatabase, type TestDatabase } from '../setup/database.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
let options: IdempotencyOptions

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(8)
  owner = postgres(clone.ownerUrl, { max: 2, onnotice: () => {} })
  options = { database, secret: 's'.repeat(32), now: () => new Date(), log: silentLogger }
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})
beforeEach(async () => {
  await owner`truncate idempotent_requests`
  await owner`truncate users cascade`
})

function newRequest(changes: Partial<IdempotentRequest> = {}): IdempotentRequest {
  return {
    key: randomUUID(),
    principalId: newId(),
    functionName: 'things-create',
    orgId: newId(),
    workspaceId: null,
    target: '/v1/things?a=1',
    body: Buffer.from('{"name":"x"}'),
    timeoutSeconds: 60,
    ...changes,
  }
}

/** The effect of a request: a row, whose number grows with each execution. */
const effects = async () => Number((await owner`select count(*) as n from users`)[0]?.n)
const rows = () => owner`select * from idempotent_requests`
/** As if the time that holders have were over. */
const passLeases = () => owner`update idempotent_requests set claimed_until = now() - interval '1 second'`

async function claimed(request: IdempotentRequest, own = options): Promise<Claim> {
  const answer = await claimRequest(own, request)
  if (answer.kind !== 'claim') throw new Error('it was executed before')
  return answer
}

async function replayed(request: IdempotentRequest, own = options): Promise<Reply> {
  const answer = await claimRequest(own, request)
  if (answer.kind !== 'replay') throw new Error('it would be executed again')
  return answer.reply
}

/** Executes as the runtime does: the effect, and the answer in the same packet as the commit. */
function execute(claim: Claim, reply: Reply, before = async () => {}): Promise<Reply> {
  return claim.run(() =>
    database.transaction(
      system,
      async (sql) => {
        const id = newId()
        await sql`insert into users (id, auth_sub, email) values (${id}, ${id}, 'x@example.org')`
        await before()
        return reply
      },
      { last: (sql) => [claim.complete(sql, reply)] },
    ),
  )
}

const created: Reply = { status: 201, body: { thing: { id: '1', name: 'x' } }, headers: { location: '/v1/things/1' } }

describe('a request with a key', () => {
  test('is executed once, and answered again with status, headers and body', async () => {
    const request = newRequest()
    await execute(await claimed(request), created)
    for (let time = 0; time < 3; time++) {
      expect(await replayed(request)).toEqual({
        status: 201,
        body: { thing: { id: '1', name: 'x' } },
        headers: { location: '/v1/things/1', 'idempotent-replayed': 'true' },
      })
    }
    expect(await effects()).toBe(1)
  })

  test('gets back an answer byte by byte, be it JSON, text or nothing', async () => {
    const bodies = [null, 'text \u0000 "🚀"', { b: 1, a: [null, 1.5, 'é'], 2: 'x' }, { at: new Date(0) }, {}]
    for (const body of bodies) {
      const request = newRequest()
      await execute(await claimed(request), { status: 200, body })
      expect(JSON.stringify((await replayed(request)).body)).toBe(JSON.stringify(body))
    }
  })

  test('is executed once though 50 of it come at the same moment; the others conflict or are answered by the one', async () => {
    const request = newRequest()
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async () => {
        try {
          const answer = await claimRequest(options, request)
          return answer.kind === 'claim' ? await execute(answer, created) : answer.reply
        } catch (error) {
          return error
        }
      }),
    )
    expect(await effects()).toBe(1)
    const conflicts = outcomes.filter((outcome) => outcome instanceof Error)
    for (const conflict of conflicts) expect(conflict).toMatchObject({ code: 'CONFLICT', retryAfterSeconds: 1 })
    for (const outcome of outcomes) if (!(outcome instanceof Error)) expect(outcome).toMatchObject({ status: 201 })
    expect(conflicts.length).toBeLessThan(50)
    expect(await replayed(request)).toMatchObject({ status: 201 })
  })

  test('asking anything else than the first time is refused, and says what is wrong', async () => {
    const request = newRequest()
    await execute(await claimed(request), created)
    const others: Partial<IdempotentRequest>[] = [
      { body: Buffer.from('{"name":"y"}') },
      { body: Buffer.alloc(0) },
      { target: '/v1/things?a=2' },
      { target: '/v1/things?a=1{', body: Buffer.from('"name":"x"}') },
      { functionName: 'things-charge' },
      { orgId: newId() },
      { workspaceId: newId() },
    ]
    for (const changes of others) {
      await expect(claimRequest(options, { ...request, ...changes })).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        details: [{ field: 'header.idempotency-key', message: 'was used for another request' }],
      })
    }
    expect(await replayed(request)).toMatchObject({ status: 201 })
  })

  test('asking something else while the first is being executed is refused, not told to wait', async () => {
    const request = newRequest()
    await claimed(request)
    await expect(claimRequest(options, { ...request, body: Buffer.from('{}') })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    })
    await expect(claimRequest(options, request)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('of another principal has nothing to do with it', async () => {
    const request = newRequest()
    await execute(await claimed(request), created)
    const theirs = { ...request, principalId: newId() }
    await execute(await claimed(theirs), { status: 201, body: 'theirs' })
    expect(await replayed(theirs)).toMatchObject({ body: 'theirs' })
    expect(await replayed(request)).toMatchObject({ body: created.body })
  })

  test('can be tried again when it failed', async () => {
    const request = newRequest()
    const failure = new Error('boom')
    const fail = async () => {
      throw failure
    }
    await expect(execute(await claimed(request), created, fail)).rejects.toBe(failure)
    expect(await rows()).toHaveLength(0)
    await execute(await claimed({ ...request, body: Buffer.from('{"name":"corrected"}') }), created)
    expect(await effects()).toBe(1)
  })

  test('is executed anew a day later', async () => {
    const request = newRequest()
    await execute(await claimed(request), created)
    await owner`update idempotent_requests set expires_at = now() - interval '1 second'`
    await execute(await claimed({ ...request, body: Buffer.from('{}') }), created)
    expect(await effects()).toBe(2)
    const [row] = await rows()
    expect(new Date(row?.expires_at).getTime()).toBeGreaterThan(Date.now() + 86_000_000)
  })

  test('is refused when the key is none', async () => {
    for (const key of ['', ' ', 'a b', 'a\tb', 'é', 'a\u0000', 'x'.repeat(256), ['a', 'b'], 'a, b']) {
      await expect(claimRequest(options, newRequest({ key }))).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        details: [{ field: 'header.idempotency-key' }],
      })
    }
    for (const key of ['x', '"8e03978e-40d5-43dd-bc93-6894a57f9324"', '~'.repeat(255)]) {
      const request = newRequest({ key })
      await execute(await claimed(request), created)
      expect(await replayed(request)).toMatchObject({ status: 201 })
    }
  })

  test('can’t be completed with an answer that could not be given again', async () => {
    async function* stream() {
      yield 'x'
    }
    for (const body of [Buffer.from('x'), stream()]) {
      const claim = await claimed(newRequest())
      await expect(execute(claim, { status: 200, body })).rejects.toThrow('given again')
    }
    expect(await effects()).toBe(0)
  })
})

test('a route that would forget its answer fails, loudly and every time', async () => {
  const request = newRequest()
  for (let time = 0; time < 2; time++) {
    const claim = await claimed(request)
    await expect(claim.run(async () => created)).rejects.toThrow('must keep its answer')
  }
})

describe('exactly one execution takes effect', () => {
  test('when the connection is killed between the claim and the commit: the effect is undone and the claim given up', async () => {
    const request = newRequest()
    const kill = async () => {
      await owner`
        select pg_terminate_backend(pid) from pg_stat_activity
        where usename = 'adapt_app' and datname = current_database() and state = 'idle in transaction'`
    }
    await expect(execute(await claimed(request), created, kill)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    expect(await effects()).toBe(0)
    await execute(await claimed(request), created)
    expect(await effects()).toBe(1)
  })

  test('when the holder dies without a word: its time runs out, and the next takes over', async () => {
    const request = newRequest()
    await claimed(request)
    const [row] = await rows()
    const held = new Date(row?.claimed_until).getTime() - new Date(row?.created_at).getTime()
    expect(held).toBe(70_000)
    await expect(claimRequest(options, request)).rejects.toMatchObject({ code: 'CONFLICT' })
    await passLeases()
    await execute(await claimed(request), created)
    expect(await effects()).toBe(1)
    expect(await replayed(request)).toMatchObject({ status: 201 })
  })

  test('when a holder commits after another has taken over: it is fenced off, whoever is first', async () => {
    for (const order of ['old first', 'new first']) {
      await owner`truncate users cascade`
      const request = newRequest()
      const old = await claimed(request)
      await passLeases()
      const taken = await claimed(request)
      const late = () => execute(old, { status: 201, body: 'of the old holder' })
      const lost = { code: 'CONFLICT', retryAfterSeconds: 1 }
      if (order === 'old first') await expect(late()).rejects.toMatchObject(lost)
      await execute(taken, { status: 201, body: 'of the new holder' })
      if (order === 'new first') await expect(late()).rejects.toMatchObject(lost)
      expect(await effects(), order).toBe(1)
      expect(await replayed(request)).toMatchObject({ body: 'of the new holder' })
    }
  })

  test('when the old holder fails after another has taken over: it does not give up what is not its own', async () => {
    const request = newRequest()
    const old = await claimed(request)
    await passLeases()
    const taken = await claimed(request)
    await expect(old.run(() => Promise.reject(new Error('late failure')))).rejects.toThrow('late failure')
    await expect(claimRequest(options, request)).rejects.toMatchObject({ code: 'CONFLICT' })
    await execute(taken, created)
    expect(await effects()).toBe(1)
  })

  test('when the time of the holder is over just as it commits: who wants to take over waits, and gets its answer', async () => {
    const request = newRequest()
    const claim = await claimed(request)
    await passLeases()
    let next: Promise<Claim | Replay> | undefined
    await claim.run(() =>
      database.transaction(system, async (sql) => {
        const id = newId()
        await sql`insert into users (id, auth_sub, email) values (${id}, ${id}, 'x@example.org')`
        await claim.complete(sql, created)
        next = claimRequest(options, request)
        await expect
          .poll(async () => (await owner`select 1 from pg_stat_activity where wait_event_type = 'Lock'`).length)
          .toBe(1)
      }),
    )
    expect(await next).toMatchObject({ kind: 'replay', reply: { status: 201 } })
    expect(await effects()).toBe(1)
  })

  test('when the answer to the commit is lost: the request has its answer, and is not executed again', async () => {
    const request = newRequest()
    const claim = await claimed(request)
    const unheard = claim.run(async () => {
      await execute(claim, created)
      throw new Error('the answer of the commit was lost')
    })
    await expect(unheard).rejects.toThrow('was lost')
    expect(await replayed(request)).toMatchObject({ status: 201 })
    expect(await effects()).toBe(1)
  })

  test('when many take over again and again while all of them are slow', async () => {
    const request = newRequest()
    const claims: Claim[] = []
    for (let time = 0; time < 10; time++) {
      claims.push(await claimed(request))
      await passLeases()
    }
    const outcomes = await Promise.allSettled(claims.map((claim) => execute(claim, created)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await effects()).toBe(1)
  })

  test('when the database is gone as the claim is given up: the failure is told, and the claim runs out', async () => {
    const request = newRequest()
    const own = clone.open(1)
    const warnings: string[] = []
    const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
    const claim = await claimed(request, { ...options, database: own, log })
    const failing = claim.run(async () => {
      await own.close()
      throw new Error('the reason')
    })
    await expect(failing).rejects.toThrow('the reason')
    expect(warnings).toHaveLength(1)
    await expect(claimRequest(options, request)).rejects.toMatchObject({ code: 'CONFLICT' })
    await passLeases()
    await execute(await claimed(request), created)
    expect(await effects()).toBe(1)
  })
})

describe('what is kept', () => {
  test('shows nobody with the database the key, the request or a secret of the answer', async () => {
    const secret = 'rfa_4fzN8ExAmPlEsEcReT0000'
    const request = newRequest({
      key: 'key-in-the-clear-0123456789',
      body: Buffer.from('{"password":"hunter2-hunter2"}'),
    })
    await execute(await claimed(request), { status: 201, body: { key: secret }, headers: { 'x-secret': secret } })
    const [row] = await rows()
    const columns = Object.values(row!).map((value) => Buffer.from(value instanceof Uint8Array ? value : String(value)))
    expect(columns).toHaveLength(7)
    for (const clear of [secret, request.key as string, 'hunter2-hunter2', request.principalId]) {
      for (const form of [
        clear,
        Buffer.from(clear).toString('base64').slice(0, 16),
        Buffer.from(clear).toString('hex'),
      ]) {
        for (const column of columns) expect(column.includes(form)).toBe(false)
      }
    }
  })

  test('can’t be read with the secret of the installation alone, nor swapped with the answer of another key', async () => {
    const [mine, other] = [newRequest(), newRequest()]
    await execute(await claimed(mine), created)
    await execute(await claimed(other), { status: 201, body: 'other' })
    await owner`
      update idempotent_requests set response = (
        select response from idempotent_requests r where r.key_sha256 <> idempotent_requests.key_sha256)`
    for (const request of [mine, other]) {
      await expect(claimRequest(options, request)).rejects.toMatchObject({ code: 'CONFLICT', retryAfterSeconds: null })
    }
  })

  test('is not executed again when the secret of the installation was changed', async () => {
    const request = newRequest()
    await execute(await claimed(request), created)
    const changed = { ...options, secret: 't'.repeat(32) }
    await expect(claimRequest(changed, request)).rejects.toMatchObject({ code: 'CONFLICT', retryAfterSeconds: null })
    expect(await effects()).toBe(1)
  })

  test('is removed when its day is over, and nothing else is', async () => {
    const [old, fresh, underWay] = [newRequest(), newRequest(), newRequest()]
    await execute(await claimed(old), created)
    await owner`update idempotent_requests set expires_at = now()`
    await execute(await claimed(fresh), created)
    await claimed(underWay)
    await database.transaction(system, (sql) => prune({ sql } as CronContext, { scheduledAt: new Date() }))
    expect(await rows()).toHaveLength(2)
    expect(await replayed(fresh)).toMatchObject({ status: 201 })
    await expect(claimRequest(options, underWay)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await claimRequest(options, old)).kind).toBe('claim')
  })
})
