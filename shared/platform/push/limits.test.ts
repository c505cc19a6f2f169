import { describe, expect, test } from 'vitest'
import { backoffSeconds } from './embedded-lane.ts'
import { Places, RateLimit } from './limits.ts'

describe('places', () => {
  const ignore = () => {}

  test('no more than the total are given, but every lane has its few', () => {
    const places = new Places(10, 2)
    expect(places.take(20, 0, ignore)).toBe(10)
    expect(places.take(20, 0, ignore)).toBe(2)
    expect(places.take(20, 1, ignore)).toBe(1)
    expect(places.take(20, 2, ignore)).toBe(0)
  })

  test('who got too little is told when there is room, in the order of asking', () => {
    const places = new Places(2, 0)
    const told: string[] = []
    places.take(2, 0, ignore)
    places.take(1, 0, () => {
      told.push('first')
      places.take(1, 0, ignore)
    })
    places.take(1, 0, () => told.push('second'))
    places.give(1)
    expect(told).toEqual(['first'])
    places.give(1)
    expect(told).toEqual(['first', 'second'])
  })
})

describe('rate limit', () => {
  test('gives a fifth of a second at once and then no more than the rate', () => {
    const rate = new RateLimit(100, 0)
    expect(rate.take(1000, 0)).toBe(20)
    expect(rate.take(1000, 100)).toBe(10)
    expect(rate.take(1000, 100)).toBe(0)
    expect(rate.waitMilliseconds()).toBe(10)
    let given = 0
    for (let now = 200; now <= 10_200; now += 7) given += rate.take(1000, now)
    expect(given).toBeLessThanOrEqual(1010)
    expect(given).toBeGreaterThanOrEqual(1000)
  })

  test('slower than one a second is possible', () => {
    const rate = new RateLimit(0.5, 0)
    expect(rate.take(5, 0)).toBe(1)
    expect(rate.waitMilliseconds()).toBe(2000)
    expect(rate.take(5, 2000)).toBe(1)
  })
})

test('backoff doubles from its minimum to its maximum', () => {
  const limits = { minimumBackoffSeconds: 10, maximumBackoffSeconds: 600 }
  const seconds = (failures: number, random: number) => backoffSeconds(limits, failures, () => random)
  expect([1, 2, 3, 4, 5, 6, 7, 8, 1000].map((failures) => seconds(failures, 0))).toEqual([
    10, 20, 40, 80, 160, 320, 600, 600, 600,
  ])
  expect(seconds(1, 1)).toBeCloseTo(11)
})
