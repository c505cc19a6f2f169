import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketOf, type FlagSetting, isFlagOn } from './evaluate.ts'

/** Fixed, so that a run in CI says something about the change it checks; take it out to search further. */
const seed = 20_261_120

const flag = (changes: Partial<FlagSetting> = {}): FlagSetting => ({
  key: 'FEATURE_X',
  enabled: true,
  percentage: 100,
  rules: [],
  ...changes,
})
const acme = '0190a0a0-0000-7000-8000-000000000001'
const globex = '0190a0a0-0000-7000-8000-000000000002'

const keys = fc.stringMatching(/^FEATURE_[A-Z0-9_]{1,60}$/)
const percentages = fc.integer({ min: 0, max: 100 })

describe('a flag', () => {
  test('that does not exist is off', () => {
    expect(isFlagOn(undefined, acme)).toBe(false)
    expect(isFlagOn(undefined, null)).toBe(false)
  })

  test('that is disabled is off for everyone, whatever its percentage', () => {
    expect(isFlagOn(flag({ enabled: false }), acme)).toBe(false)
    expect(isFlagOn(flag({ enabled: false }), null)).toBe(false)
  })

  test("obeys an organization's rule before all else, for that organization alone", () => {
    const off = flag({ enabled: false, percentage: 0, rules: [{ org_id: acme, enabled: true }] })
    expect([isFlagOn(off, acme), isFlagOn(off, globex), isFlagOn(off, null)]).toEqual([true, false, false])
    const on = flag({ rules: [{ org_id: acme, enabled: false }] })
    expect([isFlagOn(on, acme), isFlagOn(on, globex), isFlagOn(on, null)]).toEqual([false, true, true])
  })

  test('is on outside of every organization only when it is on for all', () => {
    expect(isFlagOn(flag({ percentage: 99 }), null)).toBe(false)
    expect(isFlagOn(flag({ percentage: 100 }), null)).toBe(true)
  })

  test('at 0 is on for nobody and at 100 for everybody', () => {
    fc.assert(
      fc.property(keys, fc.uuid(), (key, orgId) => {
        expect(isFlagOn(flag({ key, percentage: 0 }), orgId)).toBe(false)
        expect(isFlagOn(flag({ key, percentage: 100 }), orgId)).toBe(true)
      }),
      { seed },
    )
  })

  test('turns off for nobody when its percentage is raised', () => {
    fc.assert(
      fc.property(keys, fc.uuid(), percentages, percentages, (key, orgId, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one]
        if (isFlagOn(flag({ key, percentage: low }), orgId)) {
          expect(isFlagOn(flag({ key, percentage: high }), orgId)).toBe(true)
        }
      }),
      { seed, numRuns: 1_000 },
    )
  })

  test('answers the same for the same organization for ever: what is on must not turn with a release', () => {
    expect(bucketOf('FEATURE_X', acme)).toBeCloseTo(83.040_401, 5)
    expect(bucketOf('FEATURE_X', globex)).toBeCloseTo(95.475_426, 5)
    expect(bucketOf('FEATURE_Y', acme)).toBeCloseTo(17.343_185, 5)
  })
})

test('about as many organizations have a flag as its percentage says, and each flag picks its own', () => {
  const count = 20_000
  const organizations = Array.from(
    { length: count },
    (_, index) => `0190a0a0-0000-7000-8000-${index.toString(16).padStart(12, '0')}`,
  )
  for (const percentage of [1, 10, 50, 90]) {
    const share = percentage / 100
    // Six standard deviations of a fair draw: what is fixed here was not lucky.
    const tolerance = 6 * Math.sqrt((share * (1 - share)) / count)
    const has = (key: string) => organizations.map((orgId) => isFlagOn(flag({ key, percentage }), orgId))
    const [one, other] = [has('FEATURE_ONE'), has('FEATURE_OTHER')]
    expect(Math.abs(one.filter(Boolean).length / count - share)).toBeLessThan(tolerance)
    const both = one.filter((on, index) => on && other[index]).length / count
    expect(Math.abs(both - share * share)).toBeLessThan(tolerance)
  }
})
