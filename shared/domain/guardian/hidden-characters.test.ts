import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deceives, hiddenIn, withoutHidden } from './hidden-characters.ts'

test.each([
  ['zero-width', 'a\u200bb\u200cc\u200dd\ufeffe\u2060f', 'abcdef'],
  ['bidirectional', 'a\u202eb\u2066c\u2069d\u200fe\u061cf', 'abcdef'],
  ['tags', `a${String.fromCodePoint(0xe0041)}b`, 'ab'],
  ['control', 'a\0b\x1bc\x7fd\x9be', 'abcde'],
  ['soft hyphen and fillers', 'a\u00adb\u034fc\u3164d\u2800e\u115ff', 'abcdef'],
  ['variation selectors', 'a\ufe0fb\u{e0100}c', 'abc'],
  ['private use and lone surrogates', 'a\ue000b\ud800c\udc00d', 'abcd'],
  ['line separators', 'a\u2028b', 'a b'],
])('%s characters go', (_, text, plain) => expect(withoutHidden(text)).toBe(plain))

test('what people see stays', () => {
  const text = 'Zürich, 東京, القاهرة, हिन्दी, 𝒳 – “quoted”\tand\nso on 🎯'
  expect(withoutHidden(text)).toBe(text)
})

test('nothing is left after one pass, and people are told what it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const plain = withoutHidden(text)
      expect(withoutHidden(plain)).toBe(plain)
      expect(hiddenIn(plain)).toBe('')
      expect(plain.isWellFormed()).toBe(true)
    }),
  )
  expect(hiddenIn('a\u202eb\u200bc\u202e')).toBe('U+202E, U+200B')
})

test('only what reorders text or carries unseen text deceives', () => {
  expect(deceives('a\u202eb')).toBe(true)
  expect(deceives('a\u{e0041}b')).toBe(true)
  expect(deceives('a\u200bb\u00ad\u200f')).toBe(false)
})
