import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '#shared/runtime/log.ts'
import { type Decision, RateLimiter } from '#shared/runtime/rate-limit.ts'
import { settle, VirtualClock } from '../fakes/clock.ts'
import { MemoryState } from '../fakes/state-store.ts'
import { type Outcome, SteppedState } from '../fakes/stepped-state.ts'

const perMinute = 120
const limits = { principalPerMinute: perMinute, addressPerMinute: perMinute }
const largestCost = 8
/** Tokens that an instance may pass on credit: here a twentieth of the limit, or one request. */
const largestCredit = Math.max(6, largestCost)

/** Some instances over one store, each call of which is answered when and how the test says. */
class Fleet {
  readonly clock = new VirtualClock()
  readonly state = new SteppedState(new MemoryState(this.clock.now))
  readonly warnings: string[] = []
  readonly instances: RateLimiter[]
  /** Cost of what was let through, by instance. */
  readonly passed: number[]
  answered = 0
  asked = 0

  constructor(size: number) {
    const log = { ...silentLogger, warn: (message: string) => void this.warnings.push(message) }
    this.instances = Array.from(
      { length: size },
      () => new RateLimiter({ state: this.state, now: this.clock.now, log, limits, startTimer: this.clock.startTimer }),
    )
    this.passed = this.instances.map(() => 0)
  }

  get total(): number {
    return this.passed.reduce((sum, one) => sum + one, 0)
  }

  /** Makes a request and notes its end, whenever that comes. */
  take(instance: number, cost: number): void {
    this.asked++
    const note = ({ allowed }: Decision) => {
      this.answered++
      if (allowed) this.passed[instance]! += cost
    }
    const decision = this.instances[instance]!.take('principal', 'p', cost)
    if (decision instanceof Promise) void decision.then(note)
    else note(decision)
  }

  /** The answer to a request of a healthy fleet. */
  async ask(instance: number, cost: number): Promise<Decision> {
    const decision = this.instances[instance]!.take('principal', 'p', cost)
    await this.drain()
    return decision
  }

  /** Answers all calls; those that lost against another come again after a pause. */
  async drain(outcome: Outcome = 'done'): Promise<void> {
    await this.state.answerAll(outcome)
    while (this.clock.timers > 0) {
      await this.clock.pass(1)
      await this.state.answerAll(outcome)
    }
  }
}

type Step =
  | { kind: 'take'; instance: number; cost: number; times: number }
  | { kind: 'answer'; which: number; outcome: Outcome }
  | { kind: 'pass'; milliseconds: number }

const size = 4
const takes = fc.record({
  kind: fc.constant('take' as const),
  instance: fc.nat(size - 1),
  cost: fc.integer({ min: 1, max: largestCost }),
  times: fc.integer({ min: 1, max: 40 }),
})
const answers = (...outcomes: Outcome[]) =>
  fc.record({ kind: fc.constant('answer' as const), which: fc.nat(7), outcome: fc.constantFrom(...outcomes) })
const passes = fc.record({ kind: fc.constant('pass' as const), milliseconds: fc.integer({ min: 1, max: 20_000 }) })
const steps = (...outcomes: Outcome[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof({ weight: 3, arbitrary: takes }, { weight: 5, arbitrary: answers(...outcomes) }, passes), {
    minLength: 20,
    maxLength: 120,
    size: 'max',
  })

async function play(fleet: Fleet, script: readonly Step[], isPatient: boolean): Promise<void> {
  for (const step of script) {
    if (step.kind === 'take') for (let time = 0; time < step.times; time++) fleet.take(step.instance, step.cost)
    else if (step.kind === 'answer') await fleet.state.answer(step.which, step.outcome)
    else {
      // A store that is well has answered before long.
      if (isPatient) await fleet.drain()
      await fleet.clock.pass(step.milliseconds)
    }
    await settle()
  }
}

describe('whatever comes in whatever order', () => {
  test('no more passes than the burst, the refill and a bounded credit, and every request is answered', async () => {
    await fc.assert(
      fc.asyncProperty(steps('done'), async (script) => {
        const fleet = new Fleet(size)
        const start = fleet.clock.now().getTime()
        await play(fleet, script, true)
        await fleet.drain()
        const elapsed = fleet.clock.now().getTime() - start
        expect(fleet.total).toBeLessThanOrEqual(perMinute * (1 + elapsed / 60_000) + size * largestCredit)
        expect(fleet.answered).toBe(fleet.asked)
      }),
      { numRuns: 200 },
    )
  })

  test('nobody is locked out: after two minutes of silence everybody passes', async () => {
    await fc.assert(
      fc.asyncProperty(steps('done', 'conflict', 'fails', 'fails after it was done', 'hangs'), async (script) => {
        const fleet = new Fleet(size)
        await play(fleet, script, false)
        await fleet.clock.pass(125_000)
        await fleet.drain()
        await fleet.clock.pass(125_000)
        for (let instance = 0; instance < size; instance++) {
          expect(await fleet.ask(instance, largestCost)).toMatchObject({ allowed: true })
        }
        expect(fleet.answered).toBe(fleet.asked)
      }),
      { numRuns: 150 },
    )
  })

  test('a store that fails, loses answers, hangs or refuses never lets an instance pass more than the limit by itself', async () => {
    await fc.assert(
      fc.asyncProperty(steps('done', 'conflict', 'fails', 'fails after it was done', 'hangs'), async (script) => {
        const fleet = new Fleet(size)
        const start = fleet.clock.now().getTime()
        await play(fleet, script, false)
        await fleet.clock.pass(1_000)
        const elapsed = fleet.clock.now().getTime() - start
        for (const passed of fleet.passed)
          expect(passed).toBeLessThanOrEqual(perMinute * (1 + elapsed / 60_000) + 0.001)
        expect(fleet.answered).toBe(fleet.asked)
      }),
      { numRuns: 150 },
    )
  })

  test('who is refused and waits as long as they are told, passes', async () => {
    await fc.assert(
      fc.asyncProperty(steps('done'), fc.integer({ min: 1, max: largestCost }), async (script, cost) => {
        const fleet = new Fleet(1)
        await play(
          fleet,
          script.map((step) => (step.kind === 'take' ? { ...step, instance: 0 } : step)),
          true,
        )
        await fleet.drain()
        let decision = await fleet.ask(0, cost)
        while (decision.allowed) decision = await fleet.ask(0, cost)
        await fleet.clock.pass(decision.retryAfterSeconds * 1000)
        expect(await fleet.ask(0, cost)).toMatchObject({ allowed: true, retryAfterSeconds: 0 })
      }),
      { numRuns: 100 },
    )
  })

  test('what a decision says is whole, within the limit, and agrees with itself', async () => {
    await fc.assert(
      fc.asyncProperty(steps('done', 'fails'), async (script) => {
        const fleet = new Fleet(size)
        await play(fleet, script, false)
        const decision = await fleet.ask(0, 1)
        for (const value of Object.values(decision)) expect(Number.isInteger(Number(value))).toBe(true)
        expect(decision.limit).toBe(perMinute)
        expect(decision.remaining).toBeGreaterThanOrEqual(0)
        expect(decision.remaining).toBeLessThanOrEqual(perMinute)
        expect(decision.resetSeconds).toBe(Math.ceil(((perMinute - decision.remaining) * 60) / perMinute))
        expect(decision.retryAfterSeconds > 0).toBe(!decision.allowed)
      }),
      { numRuns: 100 },
    )
  })
})

describe('instances under the same flood', () => {
  test('share what there is: none gets less than half of its part', async () => {
    const fleet = new Fleet(5)
    for (let second = 0; second < 120; second++) {
      for (let request = 0; request < 10; request++) {
        for (let next = 0; next < 5; next++) fleet.take((second + next) % 5, 1)
      }
      await fleet.drain()
      await fleet.clock.pass(1_000)
    }
    expect(fleet.total).toBeGreaterThan(perMinute * 3 * 0.9)
    for (const passed of fleet.passed) expect(passed).toBeGreaterThan(fleet.total / 10)
  })
})

describe('a state store', () => {
  const flood = async (fleet: Fleet, requests: number) => {
    for (let request = 0; request < requests; request++) fleet.take(0, 1)
    await settle()
  }

  test('that fails leaves each instance with the whole limit for itself, without anybody waiting', async () => {
    const fleet = new Fleet(2)
    await flood(fleet, 10)
    await fleet.state.answerAll('fails')
    await flood(fleet, perMinute)
    expect(fleet.answered).toBe(fleet.asked)
    expect(fleet.total).toBe(perMinute)
    expect(await fleet.instances[0]!.take('principal', 'p', 1)).toMatchObject({ allowed: false, retryAfterSeconds: 1 })
  })

  test('that hangs holds nobody up for more than a quarter of a second, and then nobody at all', async () => {
    const fleet = new Fleet(1)
    await flood(fleet, 50)
    expect(fleet.answered).toBe(6)
    await fleet.clock.pass(250)
    expect(fleet.answered).toBe(50)
    for (let second = 0; second < 120; second++) {
      await flood(fleet, 2)
      expect(fleet.answered).toBe(fleet.asked)
      await fleet.clock.pass(1_000)
    }
    expect(fleet.total).toBe(50 + 240)
  })

  test('in trouble is asked less and less often, and that is said once', async () => {
    const fleet = new Fleet(1)
    const asked: number[] = []
    for (let second = 0; second < 200; second++) {
      await flood(fleet, 1)
      if (fleet.state.waiting > 0) asked.push(second)
      await fleet.state.answerAll('fails')
      await fleet.clock.pass(1_000)
    }
    expect(asked).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181])
    expect(fleet.warnings).toEqual(['rate limits are counted per instance: the state store fails'])
  })

  test('that refuses every write for ever is one in trouble', async () => {
    const fleet = new Fleet(1)
    for (let second = 0; second < 30; second++) {
      await flood(fleet, 1)
      await fleet.drain('conflict')
      await fleet.clock.pass(1_000)
    }
    expect(fleet.answered).toBe(30)
    // Refused for a second or two at the first conflicts, then no more.
    expect(fleet.total).toBeGreaterThanOrEqual(24)
    expect(fleet.warnings).toHaveLength(1)
  })

  test('that comes back shares the limit again', async () => {
    const fleet = new Fleet(2)
    await flood(fleet, 5)
    await fleet.state.answerAll('fails')
    await fleet.clock.pass(1_000)
    await flood(fleet, 1)
    await fleet.drain()
    for (let request = 0; request < 2 * perMinute; request++) {
      fleet.take(request % 2, 1)
      await fleet.drain()
    }
    const elapsedTokens = 10
    expect(fleet.total).toBeLessThanOrEqual(perMinute + 6 + elapsedTokens)
    expect(fleet.warnings).toHaveLength(0)
  })

  test('that holds what nobody of us wrote is put right', async () => {
    for (const value of ['nonsense', null, { tokens: 1 }, 1e300]) {
      const fleet = new Fleet(1)
      void fleet.state.write('rate:principal:p', value, { ttlSeconds: 1_000 })
      await fleet.drain()
      await fleet.ask(0, 1)
      await fleet.clock.pass(125_000)
      for (let request = 0; request < perMinute; request++) {
        expect(await fleet.ask(0, 1), String(value)).toMatchObject({ allowed: true })
      }
    }
  })
})
