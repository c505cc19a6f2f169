import fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { plain, startDispatcher, worstCase } from '../../../tests/fakes/dispatcher.ts'
import type { Behaviour } from '../../../tests/fakes/models.ts'
import { ModelError } from './types.ts'

const count = fc.oneof(fc.integer({ min: -5, max: 60 }), fc.integer({ min: 0, max: 5_000 }), fc.constant(Number.NaN))
const usage = fc.option(fc.record({ input: count, cachedInput: count, output: count, thinking: count }))
const answer = fc.record({
  text: fc.constantFrom('{"a":1}', 'no JSON', '', '```json\n{"a":2}\n```'),
  finish: fc.constantFrom('stop' as const, 'stop' as const, 'length' as const, 'safety' as const),
  usage,
})
const failure = fc
  .record({
    kind: fc.constantFrom('unavailable' as const, 'unavailable' as const, 'refused' as const, 'invalid' as const),
    mayHaveCost: fc.boolean(),
    retryAfterSeconds: fc.option(fc.integer({ min: 0, max: 90 })),
  })
  .map(({ kind, mayHaveCost, retryAfterSeconds }) => {
    return new ModelError(kind, 'no', { mayHaveCost, ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }) })
  })
const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  answer.map((given) => ({ kind: 'answers' as const, ...given })),
  fc.oneof(failure, fc.constant(new TypeError('a bug'))).map((error) => ({ kind: 'fails' as const, error })),
  fc
    .constantFrom('silent' as const, 'may have cost' as const, 'never sent' as const)
    .map((whenStopped) => ({ kind: 'hangs' as const, whenStopped })),
  fc
    .tuple(fc.integer({ min: 0, max: 60_000 }), answer)
    .map(([milliseconds, given]) => ({ kind: 'is late' as const, milliseconds, ...given })),
)
const script = fc.array(behaviour, { maxLength: 8 })

const world = fc.record({
  first: script,
  second: script,
  budget: fc.integer({ min: 0, max: 12 * worstCase }),
  bookingFailures: fc.integer({ min: 0, max: 4 }),
  cancelAfter: fc.option(fc.integer({ min: 0, max: 90_000 })),
  wantsJson: fc.boolean(),
  calls: fc.integer({ min: 1, max: 4 }),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
})

test('whatever models, books and callers do: it ends in time, spends no more than was set aside, and leaves nothing unbooked', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      const { ask, money, clock, first, second } = startDispatcher(
        { first: [...given.first], second: [...given.second] },
        { budget: given.budget, random: () => given.random },
      )
      money.failures = given.bookingFailures
      const stop = new AbortController()
      const reason = new Error('cancelled')
      if (given.cancelAfter !== null) clock.startTimer(given.cancelAfter, () => stop.abort(reason))
      const request = given.wantsJson ? { ...plain, output: v.object({ a: v.number() }) } : plain
      const startedAt = clock.milliseconds()

      const results = await Promise.allSettled(
        Array.from({ length: given.calls }, () => ask(request, { signal: stop.signal })),
      )

      for (const result of results) {
        if (result.status === 'rejected') {
          const isKnown = result.reason === reason || ['UNAVAILABLE', 'BUDGET_EXCEEDED'].includes(result.reason.code)
          expect(isKnown, String(result.reason)).toBe(true)
        } else if (given.wantsJson) expect(result.value.output).toMatchObject({ a: expect.any(Number) })
      }
      // Two models, each with two rounds of three tries, the longest of which lasts its timeout; several calls side by side.
      expect(clock.milliseconds() - startedAt).toBeLessThan(2 * 2 * 3 * 60_000)
      expect(first.requests.length + second.requests.length).toBeLessThanOrEqual(money.entries.size)
      // One call has three tries at booking; what fails them all stays set aside.
      expect(money.open.length).toBeLessThanOrEqual(Math.floor(given.bookingFailures / 3))
      const setAside = money.open.reduce((sum, { worstCaseMicrodollars }) => sum + worstCaseMicrodollars, 0)
      expect(money.spent + setAside + money.budget).toBe(given.budget)
      expect(money.budget).toBeGreaterThanOrEqual(0)
      const answered = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const paid = answered.reduce((sum, { costMicrodollars }) => sum + costMicrodollars, 0)
      expect(paid).toBeLessThanOrEqual(money.spent + setAside)
    }),
    { numRuns: 400 },
  )
}, 120_000)

test('of fifty calls at once on a budget for one, one is made', async () => {
  for (let seed = 0; seed < 100; seed++) {
    const answers: Behaviour[] = Array.from({ length: 50 }, () => ({
      kind: 'is late',
      milliseconds: 1_000,
      usage: { input: 1_000, cachedInput: 0, output: 50, thinking: 0 },
    }))
    const { ask, money } = startDispatcher({ first: answers }, { budget: worstCase, random: () => seed / 100 })
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => ask(plain)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect([money.spent, money.budget]).toEqual([worstCase, 0])
  }
}, 120_000)
