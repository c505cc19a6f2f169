import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import type { Database } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { openPlaybooks, outputOf, type PlaybookBench } from '../../../../tests/setup/playbook-bench.ts'
import { deviation } from './trend-watch.ts'

interface Trend {
  key: string
  kind: string
  recent: number
  before: number
  score: number
  evidence: { title: string; sentence: string }[]
}
interface Trends {
  documents: { recent: number; before: number }
  rising: Trend[]
  appeared: Trend[]
  fading: Trend[]
}

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

let clone: TestDatabase
let database: Database

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open()
})
afterAll(async () => {
  await database.close()
  await clone.drop()
})

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
const keys = (trends: readonly Trend[]) => trends.map(({ key }) => key)

async function watch(bench: PlaybookBench, input = {}): Promise<Trends> {
  const run = await bench.runs('trend-watch', input)
  expect(run.run).toMatchObject({ status: 'completed', error: null })
  return outputOf<Trends>(run, bench)
}

describe('what is named in the documents', () => {
  let bench: PlaybookBench
  let trends: Trends

  beforeAll(async () => {
    bench = await openPlaybooks(database)
    // Each week there were two reports: one of T1566.001, and every other week one of T1486.
    for (let week = 2; week < 12; week++) {
      await bench.report('The attackers used spearphishing attachments (T1566.001) again.', {
        createdAt: daysAgo(week * 7),
        title: `Old ${week}`,
      })
      if (week % 2 === 0) await bench.report('They used T1486 at the end.', { createdAt: daysAgo(week * 7) })
    }
    // This week T1486 is everywhere, T1190 is new, T1505.003 is named once, and T1566.001 is not named at all.
    for (let report = 0; report < 8; report++) {
      const also = report < 3 ? ' They came in by T1190.' : ''
      const once = report === 0 ? ' One server had T1505.003.' : ''
      await bench.report(`They used T1486 at the end.${also}${once}`, { createdAt: daysAgo(2), title: `New ${report}` })
    }
    // Too long ago to be compared with.
    await bench.report('Once there was T1003.001, and T1003.001 again.', { createdAt: daysAgo(400) })
    trends = await watch(bench)
  })

  test('rises when it is named more often than before, with the sentences that say so', () => {
    expect(trends.documents).toEqual({ recent: 8, before: 15 })
    expect(trends.rising).toMatchObject([{ key: 'T1486', kind: 'technique', recent: 8, before: 5 }])
    expect(trends.rising[0]!.evidence).toHaveLength(3)
    expect(trends.rising[0]!.evidence[0]!.title).toMatch(/^New/)
    expect(trends.rising[0]!.evidence[0]!.sentence).toContain('T1486')
  })

  test('appears when it was not named before, and more than once now', () => {
    expect(keys(trends.appeared)).toEqual(['T1190'])
  })

  test('fades when it is not named any more', () => {
    expect(trends.fading).toMatchObject([{ key: 'T1566.001', recent: 0, before: 10 }])
  })

  test('of each so much is told as was asked for', async () => {
    const all = await watch(bench, { recent_days: 90, baseline_days: 730, limit: 1 })
    expect(all.appeared.length).toBe(1)
  })

  test('is no trend of another tenant', async () => {
    const other = await openPlaybooks(database)
    expect(await watch(other)).toEqual({
      documents: { recent: 0, before: 0 },
      rising: [],
      appeared: [],
      fading: [],
    })
  })
})

describe('how far a count is from what was to be expected', () => {
  const counts = fc
    .tuple(fc.nat(5000), fc.nat(5000))
    .chain(([recent, before]) =>
      fc.tuple(fc.record({ recent: fc.nat(recent), before: fc.nat(before) }), fc.constant({ recent, before })),
    )

  test('is a number for every count, below 0 exactly when it is less than expected', () => {
    fc.assert(
      fc.property(counts, ([subject, documents]) => {
        const { expected, score } = deviation(subject, documents)
        expect(Number.isFinite(score) && Number.isFinite(expected) && expected >= 0).toBe(true)
        const exact = documents.before === 0 ? 0 : (subject.before / documents.before) * documents.recent
        // Both are rounded to hundredths.
        if (score > 0) expect(subject.recent).toBeGreaterThan(exact)
        if (score < 0) expect(subject.recent).toBeLessThan(exact)
      }),
    )
  })

  test('grows with each mention, and shrinks with each one before', () => {
    fc.assert(
      fc.property(counts, ([subject, documents]) => {
        const { score } = deviation(subject, documents)
        expect(deviation({ ...subject, recent: subject.recent + 1 }, documents).score).toBeGreaterThanOrEqual(score)
        const earlier = deviation({ ...subject, before: subject.before + 1 }, documents).score
        expect(earlier).toBeLessThanOrEqual(score)
      }),
    )
  })

  test('is nothing when it is named in as large a part of the documents as before', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 100 }), (part, times) => {
        const documents = { recent: 100 * times, before: 100 }
        expect(deviation({ recent: part * times, before: part }, documents).score).toBeCloseTo(0)
      }),
    )
  })

  test('needs more of what is rare: once more than never is no trend', () => {
    expect(deviation({ recent: 1, before: 0 }, { recent: 50, before: 500 }).score).toBeLessThan(2)
    expect(deviation({ recent: 40, before: 10 }, { recent: 50, before: 500 }).score).toBeGreaterThan(2)
  })
})
