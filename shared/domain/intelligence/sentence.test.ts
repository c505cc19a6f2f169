import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sentenceAround } from './sentence.ts'

function around(text: string, words: string): string {
  const start = text.indexOf(words)
  return sentenceAround(text, start, start + words.length)
}

test.each([
  ['One. The actor used evil.example for C2. Three.', 'evil.example', 'The actor used evil.example for C2.'],
  ['First line of a list\n185.220.101.45\nlast line', '185.220.101.45', '185.220.101.45'],
  [
    'This is a long line of a paragraph that was wrapped by the file\nand goes on with evil.example here. Next.',
    'evil.example',
    'This is a long line of a paragraph that was wrapped by the file and goes on with evil.example here.',
  ],
  ['A. B. Smith saw it, e.g. at evil.example! Then left.', 'evil.example', 'A. B. Smith saw it, e.g. at evil.example!'],
  ['Paragraph one\n\nevil.example\n\nParagraph three', 'evil.example', 'evil.example'],
  ['v1.2.3 of the tool beacons to evil.example', 'evil.example', 'v1.2.3 of the tool beacons to evil.example'],
])('%j: the sentence of %j', (text, words, sentence) => {
  expect(around(text, words)).toBe(sentence)
})

test('a sentence without an end is cut at a few hundred characters', () => {
  const sentence = around(`${'word '.repeat(1000)}evil.example ${'word '.repeat(1000)}`, 'evil.example')
  expect(sentence).toContain('evil.example')
  expect(sentence.length).toBeLessThan(640)
})

test('whatever the text, the sentence holds the mention', () => {
  const piece = fc.constantFrom('a', '. ', '\n', '\n\n', '! ', 'word ', '?', '  ', 'e.g. ')
  fc.assert(
    fc.property(fc.array(piece), fc.array(piece), (before, after) => {
      const text = `${before.join('')}MENTION${after.join('')}`
      expect(around(text, 'MENTION')).toContain('MENTION')
    }),
  )
})
