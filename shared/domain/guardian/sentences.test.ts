import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sentencesAt, sentencesIn } from './sentences.ts'

function at(text: string, words: string): string[] | null {
  const start = text.indexOf(words)
  const found = sentencesAt(text, start, start + words.length)
  return found?.map((span) => text.slice(span.start, span.end).trim()) ?? null
}

test.each([
  [
    'One. There is no evidence that APT29 used it. Three.',
    'APT29 used it',
    ['There is no evidence that APT29 used it.'],
  ],
  [
    'Seen in the U.S. Government by approx. five people. Next.',
    'five',
    ['Seen in the U.S. Government by approx. five people.'],
  ],
  ['There is no evidence that\nAPT29 used it.\nNext line', 'APT29', ['There is no evidence that\nAPT29 used it.']],
  ['They did not\nuse it here. Next', 'use it', ['They did not\nuse it here.']],
  ['it was seen there\nonly once before. Next', 'it was', ['it was seen there\nonly once before.']],
  ['evil.example\nbad.example\nworse.example', 'bad.example', ['bad.example']],
  ['APT28\nAPT29\nTurla', 'APT29', ['APT29']],
  ['A first one. A second one. A third.', 'one. A second', ['A first one.', 'A second one.']],
])('%j: %j stands in %j', (text, words, sentences) => {
  expect(at(text, words)).toEqual(sentences)
})

test('a sentence whose edge is far away is none, so that nothing can hide there', () => {
  const filler = 'word '.repeat(400)
  expect(at(`There is no evidence that ${filler}APT29 used it.`, 'APT29 used it.')).toBeNull()
  expect(at(`APT29 used it ${filler}, which is false.`, 'APT29 used it')).toBeNull()
})

test('every quote is within its sentences, and they follow each other', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', ' ', '.', '\n', 'B', ',', '9', '!', '𝒳') }),
      fc.nat(),
      fc.nat(),
      (text, a, b) => {
        const [start, end] = [Math.min(a, b) % (text.length + 1), Math.max(a, b) % (text.length + 1)]
        if (start >= end) return
        const found = sentencesAt(text, start, end)!
        expect(found[0]!.start).toBeLessThanOrEqual(start)
        expect(found.at(-1)!.end).toBeGreaterThanOrEqual(end)
        for (const [index, span] of found.entries()) if (index > 0) expect(span.start).toBe(found[index - 1]!.end)
      },
    ),
  )
})

test('the sentences of a text leave out nothing but space', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const joined = sentencesIn(text)
        .map(({ start, end }) => text.slice(start, end))
        .join('')
      expect(joined.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
    }),
  )
})
