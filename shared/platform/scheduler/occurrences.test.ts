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

describe('the last occurrence', () => {
  test.each([
    ['* * * * *', '2020-01-01T00:00:00Z', '2026-11-20T12:00:30Z', '2026-11-20T12:00:00.000Z'],
    ['0 * * * *', '2026-11-17T09:00:00Z', '2026-11-20T12:00:00Z', '2026-11-20T12:00:00.000Z'],
    ['0 2 * * *', '2026-11-01T02:00:00Z', '2026-11-20T12:00:00Z', '2026-11-20T02:00:00.000Z'],
    ['0 0 29 2 *', '2020-01-01T00:00:00Z', '2026-11-20T12:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('of %s between %s and %s is %s', (cron, from, until, expected) => {
    const begin = performance.now()
    expect(lastOccurrence(cron, 'Etc/UTC', at(from), at(until))?.toISOString()).toBe(expected)
    expect(performance.now() - begin).toBeLessThan(1000)
  })

  test('is none when none was due', () => {
    expect(
      lastOccurrence('0 2 * * *', 'Etc/UTC', at('2026-11-20T02:00:00Z'), at('2026-11-20T12:00:00Z')),
    ).toBeUndefined()
  })
})
