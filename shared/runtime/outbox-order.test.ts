import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chainOf, type OrderedRow, sendWhatCanBeSent, withoutOvertaking } from './outbox-order.ts'

const org_id = '018f0000-0000-7000-8000-000000000001'

interface Message extends OrderedRow {
  number: number
}

/** Messages of a few ordering keys and without one, on two topics, in the order in which they were written. */
const messages = fc
  .array(fc.record({ target: fc.constantFrom('a', 'b'), ordering_key: fc.constantFrom(null, 'k', 'l', 'm') }), {
    maxLength: 40,
  })
  .map((parts) => parts.map((part, number): Message => ({ ...part, org_id, id: String(number), number })))

const sending = { refused: () => {}, tries: Number.POSITIVE_INFINITY, isOver: () => false }

/** Where a message arrived before one that was written earlier in its chain did for the first time. */
function overtakings(rows: readonly Message[], arrived: readonly Message[]): [number, number][] {
  const firstAt = new Map<number, number>()
  for (const [at, { number }] of arrived.entries()) if (!firstAt.has(number)) firstAt.set(number, at)
  const at = (row: Message) => firstAt.get(row.number) ?? Number.POSITIVE_INFINITY
  return rows.flatMap((later, index) =>
    rows
      .slice(0, index)
      .filter((row) => chainOf(row) !== null && chainOf(row) === chainOf(later) && at(later) < at(row))
      .map((row): [number, number] => [row.number, later.number]),
  )
}

/** A bus that lets some calls fail, having taken any number of their messages, and refuses some messages always. */
class Bus {
  readonly arrived: Message[] = []
  calls = 0
  readonly #refused: ReadonlySet<number>
  readonly #fates: readonly (number | undefined)[]

  constructor(refused: ReadonlySet<number>, fates: readonly (number | undefined)[]) {
    this.#refused = refused
    this.#fates = fates
  }

  readonly send = async (rows: readonly Message[]): Promise<void> => {
    const fate = this.#fates[this.calls++]
    const bad = rows.findIndex(({ number }) => this.#refused.has(number))
    const taken = Math.min(bad === -1 ? rows.length : bad, fate ?? rows.length)
    this.arrived.push(...rows.slice(0, taken))
    if (fate !== undefined || bad !== -1) throw new Error('failed')
  }
}

/** Calls that fail after so many messages; undefined: those that don't. */
const fates = fc.array(fc.option(fc.nat(10), { nil: undefined, freq: 2 }), { maxLength: 12 })

describe('messages that are sent in parts after a failure', () => {
  test('arrive once at least unless they are refused or behind one of their key, and none overtakes', async () => {
    await fc.assert(
      fc.asyncProperty(messages, fc.uniqueArray(fc.nat(39), { maxLength: 4 }), async (rows, numbers) => {
        const refused = new Set(numbers)
        const bus = new Bus(refused, [])
        const sent = await sendWhatCanBeSent(rows, { ...sending, send: bus.send })
        expect(overtakings(rows, bus.arrived)).toEqual([])
        const isBehind = (row: Message) =>
          chainOf(row) !== null &&
          rows.some(
            ({ number }, at) => number < row.number && refused.has(number) && chainOf(rows[at]!) === chainOf(row),
          )
        expect(new Set(sent)).toEqual(new Set(rows.filter((row) => !refused.has(row.number) && !isBehind(row))))
      }),
    )
  })

  test('never overtake, whichever calls fail and however much of them got through, over several rounds', async () => {
    await fc.assert(
      fc.asyncProperty(messages, fates, fc.nat(12), async (rows, failures, tries) => {
        const bus = new Bus(new Set(), failures)
        let left = rows
        for (let round = 0; left.length > 0; round++) {
          const sent = await sendWhatCanBeSent(left, { ...sending, send: bus.send, tries: round === 0 ? tries : 1000 })
          for (const row of sent) expect(bus.arrived).toContain(row)
          left = left.filter((row) => !sent.includes(row))
        }
        expect(overtakings(rows, bus.arrived)).toEqual([])
        expect(new Set(bus.arrived)).toEqual(new Set(rows))
      }),
    )
  })

  test('are tried no more often than allowed, and not at all when the time is over', async () => {
    const rows = Array.from({ length: 32 }, (_, number) => ({
      id: `${number}`,
      org_id,
      target: 'a',
      ordering_key: null,
      number,
    }))
    const bus = new Bus(new Set(rows.map(({ number }) => number)), [])
    expect(await sendWhatCanBeSent(rows, { ...sending, send: bus.send, tries: 7 })).toEqual([])
    expect(bus.calls).toBe(7)
    let asked = 0
    await sendWhatCanBeSent(rows, { ...sending, send: bus.send, isOver: () => asked++ > 2 })
    expect(bus.calls).toBe(10)
  })
})

test('nothing is sent before what another sweeper holds of its chain, and nothing else is left out', () => {
  fc.assert(
    fc.property(messages, fc.uniqueArray(fc.nat(39)), (waiting, heldElsewhere) => {
      const mine = waiting.filter(({ number }) => !heldElsewhere.includes(number))
      const going = withoutOvertaking(mine, waiting)
      const expected = mine.filter(
        (row) =>
          chainOf(row) === null ||
          waiting.every(
            (other) => other.number > row.number || chainOf(other) !== chainOf(row) || mine.includes(other),
          ),
      )
      expect(going).toEqual(expected)
    }),
  )
})
