import { expect, test } from 'vitest'
import { VirtualClock } from '../../tests/fakes/clock.ts'
import { RecordingLogger } from '../../tests/fakes/recording-logger.ts'
import { MemoryState } from '../../tests/fakes/state-store.ts'
import { SteppedState } from '../../tests/fakes/stepped-state.ts'
import { RateLimiter } from './rate-limit.ts'

/** A store whose client has to be loaded, as Firestore's; the test says when that is done. */
class UnpreparedState extends SteppedState {
  readonly loading = Promise.withResolvers<void>()
  prepared = 0

  prepare(): Promise<void> {
    this.prepared++
    return this.loading.promise
  }
}

function setUp() {
  const clock = new VirtualClock()
  const state = new UnpreparedState(new MemoryState(clock.now))
  const log = new RecordingLogger()
  const limits = { principalPerMinute: 1_000, addressPerMinute: 10_000 }
  const newInstance = () => new RateLimiter({ state, now: clock.now, log, limits, startTimer: clock.startTimer })
  return { clock, state, lines: log.lines, newInstance }
}

test('the first requests of an instance neither wait for its store to be loaded nor have it loaded meanwhile', async () => {
  const { clock, state, newInstance } = setUp()
  const limiter = newInstance()
  for (let request = 0; request < 10; request++) {
    expect(limiter.take('address', 'a', 1)).toMatchObject({ allowed: true })
    expect(limiter.take('principal', 'p', 1)).toMatchObject({ allowed: true })
  }
  await clock.pass(999)
  expect([state.prepared, state.calls]).toEqual([0, 0])
  await clock.pass(1)
  expect([state.prepared, state.calls]).toEqual([1, 0])
  state.loading.resolve()
  await clock.pass(0)
  const next = limiter.take('principal', 'p', 1)
  await state.answerAll()
  expect(await next).toMatchObject({ allowed: true, remaining: 989 })
  expect(state.calls).toBeGreaterThan(0)
})

test('who asks for more than the credit has the store loaded at once, and waits for the lease of all', async () => {
  const { clock, state, newInstance } = setUp()
  const limiter = newInstance()
  const decisions = Array.from({ length: 15 }, () => limiter.take('principal', 'p', 1))
  expect(decisions.filter((decision) => decision instanceof Promise)).toHaveLength(5)
  await clock.pass(0)
  expect([state.prepared, state.calls]).toEqual([1, 0])
  // Longer than a store that is there may take: it is no failure of the store.
  await clock.pass(800)
  state.loading.resolve()
  await clock.pass(0)
  await state.answerAll()
  expect((await Promise.all(decisions)).every(({ allowed }) => allowed)).toBe(true)
  expect(state.prepared).toBe(1)
})

test('instances that start together with such a store pass no more than the limit and their credit', async () => {
  const { clock, state, newInstance } = setUp()
  state.loading.resolve()
  const instances = Array.from({ length: 5 }, newInstance)
  const decisions = instances.flatMap((limiter) =>
    Array.from({ length: 500 }, () => Promise.resolve(limiter.take('principal', 'p', 1))),
  )
  for (let round = 0; round < 50; round++) {
    await clock.pass(10)
    await state.answerAll()
  }
  const allowed = (await Promise.all(decisions)).filter((decision) => decision.allowed)
  // What half a second adds comes on top.
  expect(allowed.length).toBeLessThanOrEqual(1_000 + 5 * 10 + 9)
})

test('a store that can’t be loaded is a store that fails: requests pass, it is told once, and tried again', async () => {
  const { clock, state, lines, newInstance } = setUp()
  state.loading.promise.catch(() => {})
  state.loading.reject(new Error('no credentials'))
  const limiter = newInstance()
  for (let second = 0; second < 30; second++) {
    const decision = limiter.take('principal', 'p', 20)
    await clock.pass(0)
    await state.answerAll('fails')
    expect((await decision).allowed).toBe(true)
    await clock.pass(2_000)
  }
  expect(lines.filter(({ message }) => message.includes('counted per instance'))).toHaveLength(1)
  expect(state.calls).toBeGreaterThan(3)
})

test('a store that takes for ever to be loaded is waited for no longer than two seconds', async () => {
  const { clock, newInstance } = setUp()
  const limiter = newInstance()
  const decision = limiter.take('principal', 'p', 20)
  const late = limiter.take('principal', 'p', 20)
  await clock.pass(2_000)
  await clock.pass(250)
  expect(await decision).toMatchObject({ allowed: true })
  expect(await late).toMatchObject({ allowed: true })
})
