import { describe, expect, test, vi } from 'vitest'
import type { Claim } from '../claims/types.ts'
import { falseClaim, kinds, testSources, trueClaims } from './false-claims.ts'
import { review } from './review.ts'

// Thousands of reviews: time for machines that are ten times slower.
vi.setConfig({ testTimeout: 180_000 })

const options = { audience: 'CLEAR', mode: 'remove', sources: testSources, allowedLinkHosts: [] } as const

function draftOf(...claims: Claim[]) {
  return { title: 'Brief', tlp: 'CLEAR' as const, sections: [{ heading: 'Findings', claims }] }
}

const seeds = Array.from({ length: Object.keys(kinds).length * 40 }, (_, seed) => seed)

describe('a claim made false', () => {
  test.each(Object.keys(kinds).map((kind, at) => [kind, at] as const))('%s: none of 40 leaves', (kind, at) => {
    const passed = seeds
      .filter((seed) => seed % Object.keys(kinds).length === at)
      .map((seed) => falseClaim(seed))
      .filter(({ claim }) => review(draftOf(claim), options).draft !== null)
    expect(passed, kind).toEqual([])
  })

  test('does not leave among true ones either, which stay', () => {
    const truth = trueClaims()
    for (const seed of seeds.slice(0, 200)) {
      const kept = truth[seed % truth.length]!
      const { draft } = review(draftOf(kept, falseClaim(seed).claim, kept), options)
      expect(draft?.sections[0]?.claims.map(({ text }) => text)).toEqual(
        review(draftOf(kept, kept), options).draft?.sections[0]?.claims.map(({ text }) => text),
      )
    }
  })

  test('refuses the whole draft when playbooks ask for that', () => {
    for (const seed of seeds.slice(0, 100)) {
      const { draft, verdict } = review(draftOf(trueClaims()[0]!, falseClaim(seed).claim), { ...options, mode: 'fail' })
      expect([draft, verdict]).toEqual([null, 'refused'])
    }
  })
})

test('true claims leave: sentences as they stand, shortened, and as relations with and without their sentence', () => {
  const refused = trueClaims().filter((claim) => review(draftOf(claim), options).draft === null)
  expect(refused).toEqual([])
})
