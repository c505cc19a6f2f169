import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { origin, plain, startDispatcher, worstCase } from '../../../tests/fakes/dispatcher.ts'
import { ModelError } from './types.ts'

const unavailable = (options: { mayHaveCost?: boolean; retryAfterSeconds?: number } = {}) => ({
  kind: 'fails' as const,
  error: new ModelError('unavailable', 'down', options),
})
const answer = { kind: 'answers' as const }
const usage = { input: 100, cachedInput: 0, output: 10, thinking: 0 }

describe('the dispatcher', () => {
  test('sets the worst case aside, asks, keeps what was said and books what it cost', async () => {
    const { ask, money, kept, first } = startDispatcher({ first: [answer] })
    expect(await ask(plain)).toEqual({
      model: 'first:m',
      output: 'hello',
      text: 'hello',
      toolRequests: [],
      finish: 'stop',
      usage,
      costMicrodollars: 200,
    })
    const [[id, entry]] = [...money.entries] as [[string, any]]
    expect(entry.worstCaseMicrodollars).toBe(worstCase)
    expect(entry.settled).toMatchObject({
      costMicrodollars: 200,
      usage,
      estimated: false,
      finish: 'stop',
      artifactKey: `artifacts/${id}`,
    })
    expect(kept[0]).toMatchObject({ id, origin, model: 'first:m', alias: 'standard', answer: { text: 'hello' } })
    expect(first.requests[0]).toMatchObject({ model: 'm', task: 'say', maximumOutputTokens: 50, outputSchema: null })
  })

  test('asks nobody when the budget has no room for the worst case', async () => {
    const { ask, first, second, money } = startDispatcher(
      { first: [answer], second: [answer] },
      { budget: worstCase - 1 },
    )
    await expect(ask(plain)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    expect([first.requests, second.requests, money.open]).toEqual([[], [], []])
  })

  test('asks no model whose price nobody knows, and none without a driver', async () => {
    const { ask, first, money } = startDispatcher({ first: [answer] })
    await expect(ask({ ...plain, alias: 'fast' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: [
        { field: 'nobody:m', message: 'is not set up' },
        { field: 'first:unpriced', message: 'is not set up' },
      ],
    })
    expect([first.requests, money.entries.size]).toEqual([[], 0])
  })

  test('tries again after a pause with jitter, or as long as the provider says, with a new reservation each time', async () => {
    const { ask, money, clock } = startDispatcher({
      first: [unavailable(), unavailable({ retryAfterSeconds: 7 }), answer],
    })
    const startedAt = clock.milliseconds()
    expect(await ask(plain)).toMatchObject({ model: 'first:m', costMicrodollars: 200 })
    const passed = clock.milliseconds() - startedAt
    // 500 ms and 1 s, of which three quarters at this jitter.
    expect(passed).toBeGreaterThanOrEqual(375 + 7_000 + 750)
    expect(passed).toBeLessThan(375 + 7_000 + 750 + 300)
    expect([money.entries.size, money.released, money.spent, money.open]).toEqual([
      3,
      ['UNAVAILABLE', 'UNAVAILABLE'],
      200,
      [],
    ])
  })

  test('goes on to the next model after three tries, and at once when the provider wants too long a pause', async () => {
    const three = startDispatcher({ first: [unavailable(), unavailable(), unavailable()], second: [answer] })
    expect(await three.ask(plain)).toMatchObject({ model: 'second:m' })
    expect(three.first.requests).toHaveLength(3)
    const patient = startDispatcher({ first: [unavailable({ retryAfterSeconds: 60 })], second: [answer] })
    expect(await patient.ask(plain)).toMatchObject({ model: 'second:m' })
  })

  test('what may have cost is booked at its worst case, and tried only once more', async () => {
    const costly = unavailable({ mayHaveCost: true })
    const { ask, money, first } = startDispatcher({ first: [costly, costly], second: [answer] })
    expect(await ask(plain)).toMatchObject({ model: 'second:m', costMicrodollars: 2 * worstCase + 200 })
    expect(first.requests).toHaveLength(2)
    expect(money.settled.map(({ finish, estimated }) => [finish, estimated])).toEqual([
      ['failed', true],
      ['failed', true],
      ['stop', false],
    ])
    expect(money.open).toEqual([])
  })

  test.each(['refused', 'invalid'] as const)(
    'a model that says %s is not asked again, the next one is',
    async (failure) => {
      const { ask, first, money } = startDispatcher({
        first: [{ kind: 'fails', error: new ModelError(failure, 'no') }],
        second: [answer],
      })
      expect(await ask(plain)).toMatchObject({ model: 'second:m' })
      expect([first.requests.length, money.released]).toEqual([1, [failure.toUpperCase()]])
    },
  )

  test('a model that lets its time pass is stopped, booked at the worst case, and not asked again', async () => {
    for (const whenStopped of ['silent', 'may have cost'] as const) {
      const { ask, first, money } = startDispatcher({ first: [{ kind: 'hangs', whenStopped }], second: [answer] })
      expect(await ask(plain)).toMatchObject({ model: 'second:m', costMicrodollars: worstCase + 200 })
      expect([first.requests.length, money.open]).toEqual([1, []])
    }
  })

  test('a model that was stopped before it was sent anything costs nothing', async () => {
    const { ask, money } = startDispatcher({ first: [{ kind: 'hangs', whenStopped: 'never sent' }], second: [answer] })
    expect(await ask(plain)).toMatchObject({ costMicrodollars: 200 })
    expect(money.released).toEqual(['UNAVAILABLE'])
  })

  test('an answer after the deadline counts as none; one that comes just then is booked as it is, and taken', async () => {
    const late = startDispatcher({ first: [{ kind: 'is late', milliseconds: 40_000 }], second: [answer] })
    expect(await late.ask(plain)).toMatchObject({ model: 'second:m', costMicrodollars: worstCase + 200 })
    await late.clock.pass(60_000)
    expect(late.money.spent).toBe(worstCase + 200)
    const justThen = startDispatcher({ first: [{ kind: 'is late', milliseconds: 30_100 }] })
    expect(await justThen.ask(plain)).toMatchObject({ model: 'first:m', costMicrodollars: 200 })
  })

  test('when nobody answers it says who was asked, and nothing of what providers said', async () => {
    const secret = new ModelError('unavailable', 'key sk-123 was seen', { retryAfterSeconds: 40 })
    const { ask, money } = startDispatcher({
      first: [{ kind: 'fails', error: secret }],
      second: [{ kind: 'fails', error: new ModelError('refused', 'the task say needs a language model') }],
    })
    const error: any = await ask(plain).catch((reason) => reason)
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 40 })
    expect(error.details).toEqual([
      { field: 'first:m', message: 'is not available' },
      { field: 'second:m', message: 'the task say needs a language model' },
    ])
    expect([money.spent, money.open]).toEqual([0, []])
  })

  test('a model that failed five times in a row is passed over until its circuit closes', async () => {
    const { ask, first, breakers, clock } = startDispatcher({
      first: [...Array.from({ length: 5 }, () => unavailable()), answer],
      second: [answer, answer, answer],
    })
    await ask(plain)
    await ask(plain)
    expect([first.requests.length, breakers.state('first:m')]).toEqual([5, 'open'])
    expect(await ask(plain)).toMatchObject({ model: 'second:m' })
    expect(first.requests).toHaveLength(5)
    await clock.pass(15_000)
    expect(await ask(plain)).toMatchObject({ model: 'first:m' })
    expect(breakers.state('first:m')).toBe('closed')
  })

  test('what can not be settled stays set aside, and the answer is given all the same', async () => {
    const away = startDispatcher({ first: [answer] })
    away.money.failures = 99
    expect(await away.ask(plain)).toMatchObject({ text: 'hello' })
    expect(away.money.open).toHaveLength(1)
    expect(away.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'a model call could not be booked' }),
    )
    const hiccup = startDispatcher({ first: [answer] })
    hiccup.money.failures = 2
    await hiccup.ask(plain)
    expect([hiccup.money.spent, hiccup.money.open]).toEqual([200, []])
  })

  test.each([
    ['fails', () => Promise.reject(new Error('no bucket'))],
    ['hangs', () => new Promise<never>(() => {})],
  ])('an answer is given and booked when keeping it %s', async (_, keep) => {
    const { ask, money } = startDispatcher({ first: [answer] }, { keep })
    expect(await ask(plain)).toMatchObject({ text: 'hello' })
    expect(money.settled).toMatchObject([{ costMicrodollars: 200, artifactKey: null }])
  })
})

describe('what a provider counts', () => {
  test('nothing: the worst case is booked', async () => {
    const { ask, money } = startDispatcher({ first: [{ ...answer, usage: null }] })
    expect(await ask(plain)).toMatchObject({ costMicrodollars: worstCase })
    expect(money.settled).toMatchObject([{ estimated: true, usage: { input: 1_000, output: 50 } }])
  })

  test.each([
    ['more than there can be', { input: 5_000, cachedInput: 0, output: 9_000, thinking: 0 }, worstCase],
    [
      'more input than there can be, nearly all of it kept',
      { input: 5_000, cachedInput: 4_999, output: 1, thinking: 0 },
      110,
    ],
    ['more kept than there is', { input: 100, cachedInput: 200, output: 10, thinking: 0 }, 200],
    ['more thinking than output', { input: 100, cachedInput: 0, output: 10, thinking: 20 }, 200],
    ['less than nothing', { input: -100, cachedInput: 0, output: 10, thinking: 0 }, worstCase],
    ['parts of tokens', { input: 0.5, cachedInput: 0, output: 10, thinking: 0 }, worstCase],
    ['no number', { input: Number.NaN, cachedInput: 0, output: 10, thinking: 0 }, worstCase],
  ])('%s: never more than was set aside is booked, and it is logged', async (_, said, cost) => {
    const { ask, money, log } = startDispatcher({ first: [{ ...answer, usage: said }] })
    expect(await ask(plain)).toMatchObject({ costMicrodollars: cost })
    expect(money.settled).toMatchObject([{ estimated: true }])
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'a provider counts what can not be' }))
  })
})

describe('an answer with a schema', () => {
  const output = v.strictObject({ score: v.pipe(v.number(), v.maxValue(100)), why: v.string() })
  const asked = { ...plain, output }
  const good = '{"score": 7, "why": "so"}'

  test.each([
    ['as it is', good],
    ['in a code fence', `Here it is:\n\`\`\`json\n${good}\n\`\`\`\nAnything else?`],
    ['among words', `The answer is ${good} as asked.`],
  ])('is read %s, and the driver is told its form', async (_, text) => {
    const { ask, first } = startDispatcher({ first: [{ ...answer, text }] })
    expect((await ask(asked)).output).toEqual({ score: 7, why: 'so' })
    expect(first.requests[0]?.outputSchema).toMatchObject({ type: 'object', required: ['score', 'why'] })
  })

  test.each([
    ['no JSON', 'I am sorry.', 'it is not JSON'],
    ['another form', '{"score": 101, "why": 1}', 'score:'],
    ['half of it', '{"score": 7, "wh', 'it is not JSON'],
    ['nothing', '', 'it is not JSON'],
  ])('that has %s is asked for once more, showing what was wrong; both calls are paid', async (_, text, problem) => {
    const { ask, first, money } = startDispatcher({
      first: [
        { ...answer, text },
        { ...answer, text: good },
      ],
    })
    expect(await ask(asked)).toMatchObject({
      output: { score: 7 },
      costMicrodollars: 400,
      usage: { input: 200, output: 20 },
    })
    const [wrong, complaint] = first.requests[1]!.turns as [any, any]
    expect([wrong.role, complaint.role]).toEqual(['assistant', 'user'])
    expect(complaint.text).toContain(problem)
    expect(money.open).toEqual([])
  })

  test('that stays wrong is refused, and the next model asked from the beginning', async () => {
    const wrong = { ...answer, text: 'no' }
    const { ask, first, second } = startDispatcher({ first: [wrong, wrong], second: [{ ...answer, text: good }] })
    expect(await ask(asked)).toMatchObject({ model: 'second:m', output: { score: 7 } })
    expect([first.requests.length, second.requests[0]?.turns]).toEqual([2, []])
  })

  test('may first ask for tools: there is no output then', async () => {
    const toolRequests = [{ id: '1', name: 'search', input: { q: 'x' } }]
    const { ask } = startDispatcher({ first: [{ ...answer, text: 'let me look', toolRequests, finish: 'tools' }] })
    expect(await ask(asked)).toMatchObject({ output: null, toolRequests, finish: 'tools' })
  })

  test('that was blocked is paid, and the next model asked', async () => {
    const { ask, money } = startDispatcher({
      first: [{ ...answer, text: '', finish: 'safety' }],
      second: [{ ...answer, text: good }],
    })
    expect(await ask(asked)).toMatchObject({ model: 'second:m' })
    expect(money.settled.map(({ finish }) => finish)).toEqual(['safety', 'stop'])
  })
})

describe('pieces of text', () => {
  test('are told as they come', async () => {
    const pieces: string[] = []
    await startDispatcher({ first: [answer] }).ask(plain, { onText: (piece) => void pieces.push(piece) })
    expect(pieces).toEqual(['hello'])
  })

  test('of a second try are not told after those of the first', async () => {
    const pieces: string[] = []
    const { ask } = startDispatcher({ first: [unavailable(), answer] })
    expect(await ask(plain, { onText: (piece) => void pieces.push(piece) })).toMatchObject({ text: 'hello' })
    expect(pieces).toEqual(['half '])
  })
})

describe('cancelling', () => {
  const reason = new Error('the run was cancelled')

  test('before the first call asks nobody', async () => {
    const { ask, money } = startDispatcher({ first: [answer] })
    await expect(ask(plain, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(money.entries.size).toBe(0)
  })

  test('while the money is set aside gives it back, and asks nobody', async () => {
    const { ask, money, first } = startDispatcher({ first: [answer] })
    const stop = new AbortController()
    money.onReserve = () => stop.abort(reason)
    await expect(ask(plain, { signal: stop.signal })).rejects.toBe(reason)
    expect([first.requests.length, money.released.length, money.open]).toEqual([0, 1, []])
  })

  test.each([
    ['silent', worstCase],
    ['may have cost', worstCase],
    ['never sent', 0],
  ] as const)(
    'while a model works that is %s then books what it may have cost, and asks no other',
    async (whenStopped, cost) => {
      const { ask, money, clock, second } = startDispatcher({
        first: [{ kind: 'hangs', whenStopped }],
        second: [answer],
      })
      const stop = new AbortController()
      clock.startTimer(5_000, () => stop.abort(reason))
      await expect(ask(plain, { signal: stop.signal })).rejects.toBe(reason)
      expect([money.spent, money.open, second.requests]).toEqual([cost, [], []])
      expect(clock.milliseconds() - Date.UTC(2026, 10, 20)).toBeLessThan(6_000)
    },
  )

  test('between two tries ends the pause', async () => {
    const { ask, first, clock } = startDispatcher({ first: [unavailable({ retryAfterSeconds: 15 })] })
    const stop = new AbortController()
    clock.startTimer(1_000, () => stop.abort(reason))
    await expect(ask(plain, { signal: stop.signal })).rejects.toBe(reason)
    expect(first.requests).toHaveLength(1)
    expect(clock.timers).toBe(0)
  })
})
