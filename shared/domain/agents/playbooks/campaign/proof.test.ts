import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findProof, type ProofSource } from './proof.ts'

const source = (text: string, named: ProofSource['named'] = []): ProofSource => ({ id: 'd', title: 'T', text, named })
const proofOf = (keyPoint: string, text: string) => findProof([keyPoint], [source(text)])[0]!.proof
const texts = (keyPoint: string, text: string) => proofOf(keyPoint, text).map(({ claim }) => claim.text)

describe('a sentence proves a key point', () => {
  test('when it holds at least half of what the key point tells; names and numbers count twice', () => {
    const text = 'Forty hospitals in Europe were attacked in March. Backups restored all of the systems there.'
    expect(texts('Backups restored systems', text)).toEqual(['Backups restored all of the systems there.'])
    expect(texts('Backups restored systems in Europe and Asia within 3 days', text)).toEqual([])
    expect(texts('Attacks on Europe', text)).toEqual(['Forty hospitals in Europe were attacked in March.'])
  })

  test('whatever the inflection', () => {
    expect(texts('Uses backups', 'They employed one backup after another there.')).toHaveLength(1)
  })

  test('unless it denies it, or only the key point denies', () => {
    const text = 'The backups were not restored within three days there.'
    expect(texts('Backups were restored within three days', text)).toEqual([])
    expect(texts('Backups were not restored within three days', text)).toHaveLength(1)
    expect(texts('Backups were not restored within three days', text.replace('not ', ''))).toEqual([])
  })

  test('unless it is a heading, a row or a fragment', () => {
    for (const text of [
      'Backups restored systems',
      'Backups restored systems: 12',
      'and backups restored systems there.',
    ])
      expect(texts('Backups restored systems', text), text).toEqual([])
  })

  test('never when the key point tells nothing', () => {
    expect(texts('We are what we are', 'We are what we are and always were.')).toEqual([])
    expect(texts('!!!', 'We are what we are and always were.')).toEqual([])
  })
})

test('of sentences that hold as much, the one that names more comes first, and cites what it names', () => {
  const text = 'Backups restored the hospital systems there. Backups restored the hospital systems of Acme.'
  const start = text.indexOf('Acme')
  const named = [{ id: 'e', name: 'Acme', start, end: start + 4 }]
  const { proof } = findProof(['Backups restored hospital systems'], [source(text, named)])[0]!
  expect(proof.map(({ names }) => names)).toEqual([['Acme'], []])
  expect(proof[0]!.claim.citations).toMatchObject([{ evidence_id: 'e', quote: text.slice(text.indexOf('.') + 2) }])
  expect(proof[1]!.claim.citations).toMatchObject([{ evidence_id: null }])
})

test('whatever the texts are, each proof quotes its place exactly and says enough of its key point', () => {
  const words = fc.constantFrom(
    'Backups',
    'restored',
    'systems',
    'not',
    'three',
    'APT29',
    'the',
    'e.g.',
    '(see',
    '2026)',
  )
  const sentence = fc
    .tuple(fc.array(words, { minLength: 1, maxLength: 12 }), fc.constantFrom('.', '!', '?', ':', '\n', '.\n\n', ' '))
    .map(([list, end]) => list.join(' ') + end)
  const anything = fc.oneof(sentence, fc.string({ unit: 'grapheme', maxLength: 30 }))
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 20 }), sentence, (parts, keyPoint) => {
      const text = parts.join(' ')
      for (const { claim, share } of proofOf(keyPoint, text)) {
        expect(share).toBeGreaterThanOrEqual(0.5)
        expect(share).toBeLessThanOrEqual(1)
        expect(claim.citations).toHaveLength(1)
        for (const { start, end, quote } of claim.citations) expect(text.slice(start, end)).toBe(quote)
      }
    }),
  )
})
