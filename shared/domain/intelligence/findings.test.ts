import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Extraction, IndicatorMention } from '../extraction/types.ts'
import { confidenceOf } from './confidence.ts'
import { toFindings } from './findings.ts'

const nothing: Extraction = { indicators: [], techniques: [], actors: [], software: [], vulnerabilities: [] }

function mention(start: number, changes: Partial<IndicatorMention> = {}): IndicatorMention {
  return {
    type: 'domain',
    value: 'evil.example',
    start,
    end: start + 12,
    page: null,
    defanged: false,
    suppressed: null,
    ...changes,
  }
}

describe('confidence', () => {
  test('grows with defanging and with company', () => {
    const [alone] = confidenceOf([mention(0)])
    const [defanged] = confidenceOf([mention(0, { defanged: true })])
    const [listed] = confidenceOf([mention(0), mention(50)])
    expect(defanged).toBeGreaterThan(alone!)
    expect(listed).toBeGreaterThan(alone!)
  })

  test('of what is held back is low, and gives its neighbours no company', () => {
    const suppressed = { reason: 'private range', list: 'private-address' }
    const [held, other] = confidenceOf([mention(0, { suppressed }), mention(20)])
    expect(held).toBeLessThan(10)
    expect(other).toBe(confidenceOf([mention(20)])[0])
  })

  test('is between 0 and 95 for every type', () => {
    fc.assert(
      fc.property(fc.constantFrom('md5', 'sha256', 'asn', 'url', 'cve'), fc.boolean(), (type, defanged) => {
        const [value] = confidenceOf([mention(0, { type: type as IndicatorMention['type'], defanged })])
        expect(value).toBeGreaterThan(0)
        expect(value).toBeLessThanOrEqual(95)
      }),
    )
  })
})

describe('findings', () => {
  const text = 'evil.example and evil.example, says T1059.'

  test('a value that is mentioned twice is one subject with two pieces of evidence', () => {
    const { subjects, findings } = toFindings(text, { ...nothing, indicators: [mention(0), mention(17)] })
    expect(subjects).toHaveLength(1)
    expect(findings.map((one) => [one.subject_id, one.quote])).toEqual([
      [subjects[0]?.id, 'evil.example'],
      [subjects[0]?.id, 'evil.example'],
    ])
  })

  test('the same name of two kinds is two subjects', () => {
    const named = { id: 'X', name: 'X', start: 36, end: 41, page: null, how: 'id' as const }
    const { subjects } = toFindings(text, { ...nothing, techniques: [named], software: [named] })
    expect(subjects.map((one) => one.kind)).toEqual(['technique', 'software'])
  })

  test('what PostgreSQL cannot hold is replaced in quotes, and offsets stay', () => {
    const { findings } = toFindings('a\0b\ud800c', { ...nothing, indicators: [mention(0, { end: 5 })] })
    expect(findings[0]).toMatchObject({ quote: 'a\uFFFDb\uFFFDc', start_offset: 0, end_offset: 5 })
  })
})
