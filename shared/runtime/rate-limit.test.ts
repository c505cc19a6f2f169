import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { createLocalState, type LocalState } from '#shared/platform/state/local.ts'
import { VirtualClock } from '../../tests/fakes/clock.ts'
import { MemoryState } from '../../tests/fakes/state-store.ts'
import { SteppedState } from '../../tests/fakes/stepped-state.ts'
import { silentLogger } from './log.ts'
import { type Decision, RateLimiter } from './rate-limit.ts'
import { RecentTable } from './rate-limit-table.ts'

const limits = { principalPerMinute: 1_000, addressPerMinute: 10_000 }

function setUp(stateOf: (clock: VirtualClock) => SteppedState | null = memory) {
  const clock = new VirtualClock()
  const state = stateOf(clock)
  const newInstance = (own = limits) =>
    new RateLimiter({ state, now: clock.now, log: silentLogger, limits: own, startTimer: clock.startTimer })
  return { clock, state: state!, newInstance }
}

const memory = (clock: VirtualClock) => new SteppedState(new MemoryState(clock.now))

/** The answer of a request that didn't have to wait. */
function atOnce(decision: Decision | Promise<Decision>): Decision {
  if (decision instanceof Promise) throw new Error('the request had to wait')
  return decision
}

describe('a caller', () => {
  test('passes with the burst at once and is told what is left, then waits as long as it is told, and passes', async () => {
    const { clock, newInstance } = setUp(() => null)
    const limiter = newInstance()
    const first = Array.from({ length: 1_000 }, () => atOnce(limiter.take('principal', 'p', 1)))
    expect(first.map(({ remaining }) => remaining)).toEqual(first.map((_, at) => 999 - at))
    expect(first.every(({ allowed, limit }) => allowed && limit === 1_000)).toBe(true)
    expect(limiter.take('principal', 'p', 1)).toEqual({
      allowed: false,
      limit: 1_000,
      remaining: 0,
      resetSeconds: 60,
      retryAfterSeconds: 1,
    })
    const refused = atOnce(limiter.take('principal', 'p', 50))
    expect(refused).toMatchObject({ allowed: false, retryAfterSeconds: 3 })
    await clock.pass(3_000)
    expect(limiter.take('principal', 'p', 50)).toMatchObject({ allowed: true, remaining: 0, resetSeconds: 60 })
    expect(limiter.take('principal', 'p', 1)).toMatchObject({ allowed: false })
  })

  test('is not punished for being refused', async () => {
    const { clock, newInstance } = setUp(() => null)
    const limiter = newInstance()
    for (let request = 0; request < 1_500; request++) limiter.take('principal', 'p', 1)
    await clock.pass(60_000)
    expect(limiter.take('principal', 'p', 1)).toMatchObject({ allowed: true, remaining: 999 })
  })

  test('with a lower limit of their own is held to it, where they have it, and by no higher one', () => {
    const limiter = setUp(() => null).newInstance({ principalPerMinute: 5, addressPerMinute: 2 })
    const passes = (own: number | null, times: number) =>
      Array.from({ length: times }, () => atOnce(limiter.take('principal', 'p', 1, own))).filter((one) => one.allowed)
        .length
    expect(passes(3, 10)).toBe(3)
    // In an organization with another plan; one with the same has no further requests.
    expect(passes(2, 10)).toBe(2)
    expect(passes(3, 10)).toBe(0)
    expect(passes(100, 4)).toBe(4)
    expect(passes(null, 10)).toBe(1)
    // Of nothing: the least that can be told from a mistake.
    expect(atOnce(limiter.take('principal', 'q', 9, 0))).toMatchObject({ allowed: true, limit: 1 })
    expect(atOnce(limiter.take('principal', 'q', 1, 0))).toMatchObject({ allowed: false, limit: 1 })
  })

  test('has a limit as a principal and another as an address, apart from everybody else’s', () => {
    const limiter = setUp(() => null).newInstance({ principalPerMinute: 1, addressPerMinute: 2 })
    const passes = (kind: 'principal' | 'address', id: string) => atOnce(limiter.take(kind, id, 1)).allowed
    expect([passes('principal', 'x'), passes('principal', 'x'), passes('principal', 'y')]).toEqual([true, false, true])
    expect([passes('address', 'x'), passes('address', 'x'), passes('address', 'x')]).toEqual([true, true, false])
  })

  test('can make a request that costs more than the limit allows at all, from a full bucket', async () => {
    const { clock, newInstance } = setUp(() => null)
    const limiter = newInstance({ principalPerMinute: 5, addressPerMinute: 5 })
    expect(limiter.take('principal', 'p', 20)).toMatchObject({ allowed: true, remaining: 0 })
    await clock.pass(60_000)
    expect(limiter.take('principal', 'p', 20)).toMatchObject({ allowed: true })
  })

  test('is neither locked out nor let off when the clock is set back or ahead', async () => {
    for (const jump of [-3_600_000, -1_000]) {
      const { clock, newInstance } = setUp(() => null)
      const limiter = newInstance()
      for (let request = 0; request < 1_000; request++) limiter.take('principal', 'p', 1)
      clock.jump(jump)
      expect(limiter.take('principal', 'p', 1)).toMatchObject({ allowed: false, retryAfterSeconds: 1 })
      await clock.pass(1_000)
      expect(limiter.take('principal', 'p', 1)).toMatchObject({ allowed: true })
    }
  })
})

describe('a lease', () => {
  test('is not waited for by the first requests, and is one for all that come meanwhile', async () => {
    const { state, newInstance } = setUp()
    const limiter = newInstance()
    for (let request = 0; request < 10; request++) atOnce(limiter.take('principal', 'p', 1))
    const waiting = Array.from({ length: 30 }, () => limiter.take('principal', 'p', 1))
    expect(waiting.every((decision) => decision instanceof Promise)).toBe(true)
    expect(state.calls).toBe(1)
    await state.answerAll()
    const decisions = await Promise.all(waiting)
    expect(decisions.every(({ allowed }) => allowed)).toBe(true)
    expect(decisions.at(-1)).toMatchObject({ remaining: 960 })
    expect(state.calls).toBeLessThanOrEqual(4)
  })

  test('costs few calls of the store, none of which is waited for', async () => {
    const { clock, state, newInstance } = setUp()
    const limiter = newInstance()
    for (let request = 0; request < 600; request++) {
      expect(atOnce(limiter.take('principal', 'p', 1)).allowed).toBe(true)
      await clock.pass(100)
      await state.answerAll()
    }
    expect(state.calls).toBeLessThan(60)
  })

  test('grows for those who use it up fast, to a tenth of the limit at most, and shrinks when it lasts', async () => {
    const { clock, state, newInstance } = setUp()
    const limiter = newInstance()
    const leases: number[] = []
    for (let request = 0, before = 0; request < 700; request++) {
      atOnce(limiter.take('principal', 'p', 1))
      if (state.waiting > 0) leases.push(request - before)
      if (state.waiting > 0) before = request
      await state.answerAll()
    }
    expect(Math.max(...leases)).toBe(100)
    await clock.pass(120_000)
    const callsBefore = state.calls
    for (let request = 0; request < 60; request++) {
      atOnce(limiter.take('principal', 'p', 1))
      await state.answerAll()
      await clock.pass(1_000)
    }
    // One lease (two calls) in ten seconds: older tokens have gone back.
    expect(state.calls - callsBefore).toBeLessThanOrEqual(2 * 8)
  })

  test('that is left unused goes back: other instances can have it', async () => {
    const { clock, state, newInstance } = setUp()
    const [idle, busy] = [newInstance(), newInstance()]
    const takeFrom = async (limiter: RateLimiter, requests: number) => {
      let passed = 0
      for (let request = 0; request < requests; request++) {
        const decision = limiter.take('principal', 'p', 1)
        await state.answerAll()
        if ((await decision).allowed) passed++
      }
      return passed
    }
    await takeFrom(idle, 1)
    expect(await takeFrom(busy, 1_100)).toBe(1_000 - 51)
    for (let second = 0; second < 10; second++) {
      await clock.pass(1_000)
      expect(await takeFrom(busy, 100)).toBeLessThan(20)
    }
    await takeFrom(idle, 1)
    await clock.pass(1_000)
    expect(await takeFrom(busy, 100)).toBeGreaterThan(30)
  })

  test('is not asked for again by those who are refused', async () => {
    const { clock, state, newInstance } = setUp()
    const limiter = newInstance()
    const other = newInstance()
    for (let request = 0; request < 1_100; request++) {
      void other.take('principal', 'p', 1)
      await state.answerAll()
    }
    void limiter.take('principal', 'p', 1)
    await state.answerAll()
    const calls = state.calls
    for (let request = 0; request < 100; request++) {
      expect(atOnce(limiter.take('principal', 'p', 1))).toMatchObject({ allowed: false, retryAfterSeconds: 1 })
    }
    expect(state.calls).toBe(calls)
    await clock.pass(1_000)
    const later = limiter.take('principal', 'p', 1)
    await state.answerAll()
    expect(await later).toMatchObject({ allowed: true })
  })

  test('gives the last requests of a burst their turn too, one lease after the other', async () => {
    const { state, newInstance } = setUp()
    const limiter = newInstance()
    const all = Array.from({ length: 1_200 }, async () => limiter.take('principal', 'p', 1))
    await state.answerAll()
    const allowed = (await Promise.all(all)).map((decision) => decision.allowed)
    expect(allowed.filter(Boolean)).toHaveLength(1_000)
    // First come, first served.
    expect(allowed.lastIndexOf(true)).toBe(999)
    expect(state.calls).toBeLessThan(50)
  })

  test('pays for what was passed on credit: instances that start together pass no more than the limit', async () => {
    const { clock, state, newInstance } = setUp()
    let passed = 0
    for (let instance = 0; instance < 150; instance++) {
      const limiter = newInstance()
      for (let request = 0; request < 10; request++) {
        if ((limiter.take('principal', 'p', 1) as Decision).allowed) passed++
      }
      await state.answerAll()
    }
    expect(passed).toBe(1_500)
    const late = newInstance()
    void late.take('principal', 'p', 1)
    await state.answerAll()
    await clock.pass(25_000)
    expect(await late.take('principal', 'p', 1)).toMatchObject({ allowed: false })
  })
})

describe('with the store of the embedded cloud', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>
  let store: LocalState
  const clock = new VirtualClock()
  beforeAll(async () => {
    database = await createTestDatabase(inject('clusterUrl'))
    store = await createLocalState({ databaseUrl: database.url, now: clock.now })
  })
  afterAll(async () => {
    await store.close()
    await database.drop()
  })

  test('five instances under a flood share one limit, each gets some of it, and none is locked out after it', async () => {
    const instances = Array.from(
      { length: 5 },
      () => new RateLimiter({ state: store, now: clock.now, log: silentLogger, limits, startTimer: inRealTime }),
    )
    const passed = instances.map(() => 0)
    const flood = (requests: number) =>
      Promise.all(
        instances.flatMap((limiter, at) =>
          Array.from({ length: requests }, async () => {
            if ((await limiter.take('principal', 'flooded', 1)).allowed) passed[at]!++
          }),
        ),
      )
    await flood(300)
    for (let second = 0; second < 30; second++) {
      await clock.pass(1_000)
      await flood(10)
    }
    const total = passed.reduce((sum, one) => sum + one)
    expect(total).toBeLessThanOrEqual(1_000 + 500 + 5 * 10)
    expect(total).toBeGreaterThan(1_000 + 500 - 250)
    // More than what they pass on credit.
    for (const one of passed) expect(one).toBeGreaterThan(10)
    await clock.pass(121_000)
    const answers = await Promise.all(instances.map((limiter) => limiter.take('principal', 'flooded', 1)))
    expect(answers.every(({ allowed }) => allowed)).toBe(true)
  })
})

/** The store answers in real time, so pauses must pass in it too; patience is without end. */
function inRealTime(milliseconds: number, callback: () => void) {
  const timer = milliseconds >= 250 ? undefined : setTimeout(callback, milliseconds)
  return () => clearTimeout(timer)
}

describe('the memory of an instance', () => {
  test('keeps the last half of its capacity for sure, and never more than its capacity', () => {
    let made = 0
    const table = new RecentTable<{ id: string }>(100, (id) => {
      made++
      return { id }
    })
    for (let at = 0; at < 300; at++) {
      table.find(String(at), at, undefined)
      expect(table.size).toBeLessThanOrEqual(100)
      for (let recent = Math.max(0, at - 49); recent <= at; recent++)
        expect(table.find(String(recent), at, undefined).id).toBe(String(recent))
    }
    expect(made).toBe(300)
  })

  test('tells a new value since when no forgotten one was used', () => {
    const told: number[] = []
    const table = new RecentTable<string>(4, (id, _now, forgottenAt) => {
      told.push(forgottenAt)
      return id
    })
    for (const [at, id] of ['a', 'b', 'c', 'd', 'e', 'f', 'a'].entries()) table.find(id, at, undefined)
    const never = Number.NEGATIVE_INFINITY
    // When "e" came, "a" and "b" were forgotten, which nobody had used since "c" came at 2.
    expect(told).toEqual([never, never, never, never, never, 2, 2])
  })

  test('can’t be crowded out to get a full bucket: a caller that may have been forgotten has what has come since', async () => {
    const { clock, newInstance } = setUp(() => null)
    const limiter = newInstance({ principalPerMinute: 600, addressPerMinute: 1 })
    let passed = 0
    const abuse = () => {
      while (atOnce(limiter.take('principal', 'abuser', 1)).allowed) passed++
    }
    abuse()
    expect(passed).toBe(600)
    for (let round = 0; round < 10; round++) {
      for (let id = 0; id < 20_000; id++) limiter.take('principal', `${round}-${id}`, 1)
      await clock.pass(1_000)
      abuse()
    }
    expect(passed).toBeLessThanOrEqual(600 + 10 * (10 + 10))
    await clock.pass(60_000)
    expect(limiter.take('principal', 'newcomer', 1)).toMatchObject({ allowed: true, remaining: 599 })
  })

  test('lets a crowd of newcomers in without waiting, and without drowning the store in calls', async () => {
    const { state, newInstance } = setUp()
    const limiter = newInstance()
    const isIn = (id: number) => atOnce(limiter.take('address', String(id), 1)).allowed
    expect(Array.from({ length: 100_000 }, (_, id) => isIn(id)).filter(Boolean)).toHaveLength(100_000)
    expect(state.waiting).toBe(200)
    await state.answerAll()
    atOnce(limiter.take('address', 'next', 1))
    expect(state.waiting).toBe(1)
  })
})
