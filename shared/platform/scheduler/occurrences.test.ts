import { describe, expect, test } from 'vitest'
import { lastOccurrence, nextOccurrence } from './occurrences.ts'

const at = (iso: string) => new Date(iso)

describe('the next occurrence', () => {
  test.each([
    ['0 2 * * *', 'Etc/UTC', '2026-11-20T02:00:00Z', '2026-11-21T02:00:00.000Z'],
    ['*/15 * * * *', 'Etc/UTC', '2026-11-20T12:07:31Z', '2026-11-20T12:15:00.000Z'],
    ['30 18 * * 1-5', 'Asia/Kolkata', '2026-11-20T13:00:01Z', '2026-11-23T13:00:00.000Z'],
    ['0 0 29 2 *', 'Etc/UTC', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 9 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T07:00:00.000Z'],
    ['0 9 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-25T08:00:00.000Z'],
    // Clocks half an hour off, which no switch moves.
    ['30 2 * * *', 'Asia/Kolkata', '2026-03-28T12:00:00Z', '2026-03-28T21:00:00.000Z'],
    ['0 0 * * *', 'Asia/Kolkata', '2026-10-24T18:30:00Z', '2026-10-25T18:30:00.000Z'],
    ['15 * * * *', 'Asia/Kolkata', '2026-10-25T00:50:00Z', '2026-10-25T01:45:00.000Z'],
    // A midnight that does not exist.
    ['0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00:00Z', '2018-11-04T03:00:00.000Z'],
  ])('of %s in %s after %s is %s', (cron, timeZone, from, expected) => {
    expect(nextOccurrence(cron, timeZone, at(from)).toISOString()).toBe(expected)
  })

  test('a time that the clocks skip in spring is due once that day', () => {
    const first = nextOccurrence('30 2 * * *', 'Europe/Berlin', at('2026-03-28T12:00:00Z'))
    expect(first.toISOString()).toMatch(/^2026-03-29T01:(00|30):00/)
    const second = nextOccurrence('30 2 * * *', 'Europe/Berlin', first)
    expect(second.toISOString()).toBe('2026-03-30T00:30:00.000Z')
  })

  test('a time that the clocks repeat in autumn is due once that day', () => {
    const first = nextOccurrence('30 2 * * *', 'Europe/Berlin', at('2026-10-24T12:00:00Z'))
    const second = nextOccurrence('30 2 * * *', 'Europe/Berlin', first)
    expect(first.toISOString()).toMatch(/^2026-10-25T0[01]:30/)
    expect(second.toISOString()).toBe('2026-10-26T01:30:00.000Z')
  })
})

/** All occurrences after `from` up to `until`, one found from the other. */
function walk(cron: string, timeZone: string, from: string, until: string): Date[] {
  const found: Date[] = []
  for (let next = at(from); ; found.push(next)) {
    next = nextOccurrence(cron, timeZone, next)
    if (next > at(until)) return found
  }
}

describe.each(['Europe/Berlin', 'America/New_York', 'Asia/Kolkata'])(
  'around the switches of clocks, in %s',
  (timeZone) => {
    /** Of America and of Europe. */
    const switches = ['2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01'].map((day) => Date.parse(day))
    const hour = 3_600_000
    const iso = (time: number) => new Date(time).toISOString()

    test('a daily schedule is due once on each day, at whatever time of the night', () => {
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' })
      for (const day of switches) {
        for (const time of ['0 0', '30 0', '0 1', '30 1', '0 2', '30 2', '59 2', '0 3', '30 3']) {
          const found = walk(`${time} * * *`, timeZone, iso(day - 60 * hour), iso(day + 84 * hour))
          const days = found.map((date) => format.format(date))
          expect(days, `${time} ${iso(day)}`).toHaveLength(6)
          expect(new Set(days).size, `${time} ${iso(day)}`).toBe(6)
        }
      }
    })

    test('a schedule of every quarter of an hour neither pauses nor hurries', () => {
      for (const day of switches) {
        const found = walk('*/15 * * * *', timeZone, iso(day), iso(day + 12 * hour))
        expect(found).toEqual(Array.from({ length: 48 }, (_, quarter) => new Date(day + ((quarter + 1) * hour) / 4)))
      }
    })

    test('the last occurrence before a moment is the one that was next', () => {
      for (const day of switches) {
        for (const cron of ['30 1 * * *', '30 2 * * *', '0 * * * *']) {
          const due = walk(cron, timeZone, iso(day - 26 * hour), iso(day + 12 * hour))
          for (let moment = day; moment <= day + 12 * hour; moment += 2 * hour) {
            const expected = due.findLast((date) => date.getTime() <= moment)
            const found = lastOccurrence(cron, timeZone, new Date(day - 26 * hour), new Date(moment))
            expect(found, `${cron} ${iso(moment)}`).toEqual(expected)
          }
        }
      }
    })
  },
)

describe('the last occurrence', () => {
  test.each([
    ['* * * * *', '2020-01-01T00:00:00Z', '2026-11-20T12:00:30Z', '2026-11-20T12:00:00.000Z'],
    ['0 * * * *', '2026-11-17T09:00:00Z', '2026-11-20T12:00:00Z', '2026-11-20T12:00:00.000Z'],
    ['0 2 * * *', '2026-11-01T02:00:00Z', '2026-11-20T12:00:00Z', '2026-11-20T02:00:00.000Z'],
    ['0 0 29 2 *', '2020-01-01T00:00:00Z', '2026-11-20T12:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('of %s between %s and %s is %s', (cron, from, until, expected) => {
    // A walk through every minute of all the years would outlast the test.
    expect(lastOccurrence(cron, 'Etc/UTC', at(from), at(until))?.toISOString()).toBe(expected)
  })

  test('is none when none was due', () => {
    expect(
      lastOccurrence('0 2 * * *', 'Etc/UTC', at('2026-11-20T02:00:00Z'), at('2026-11-20T12:00:00Z')),
    ).toBeUndefined()
  })
})
