import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Claim } from '../../../claims/types.ts'
import { newId } from '../../../ids.ts'
import { metricsOf } from './metrics.ts'

const documentId = newId()
const claim = (text: string, start: number | null = null): Claim => ({
  text,
  citations: start === null ? [] : [{ evidence_id: null, document_id: documentId, start, end: start + 1, quote: 'x' }],
})
const draft = (...claims: Claim[]) => ({ title: 'T', tlp: 'CLEAR' as const, sections: [{ heading: 'H', claims }] })
const point = (...starts: number[]) => ({
  key_point: 'p',
  proof: starts.map((start) => ({
    claim: claim('p', start),
    document_id: documentId,
    document_title: 'T',
    share: 1,
    names: [],
  })),
})

test('a text is counted, and which key points it covers by what it cites', () => {
  const text = draft(claim('The cat sat on the mat. It slept.', 5), claim('Call us', null))
  expect(metricsOf(text, [point(1, 5), point(9), point()])).toEqual({
    characters: 40,
    words: 10,
    sentences: 3,
    claims: 2,
    cited_claims: 1,
    key_points_covered: 1,
    key_points: 3,
    reading_ease: 100,
  })
})

test('long words in long sentences are harder to read than short ones', () => {
  const easy = metricsOf(draft(claim('We saw the bug. We fixed it. Now it is gone.')), [])
  const hard = metricsOf(
    draft(claim('Organizational vulnerability remediation necessitates considerable administrative coordination.')),
    [],
  )
  expect(easy.reading_ease).toBeGreaterThan(80)
  expect(hard.reading_ease).toBe(0)
})

test('reading ease is from 0 to 100 for every text, and null without words', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const { words, reading_ease: ease } = metricsOf(draft(claim(text)), [])
      if (words === 0) expect(ease).toBeNull()
      else expect(ease! >= 0 && ease! <= 100).toBe(true)
    }),
  )
})
