import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeText, guessEncoding, storableText } from './encoding.ts'

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()

test.each([
  ['UTF-8', Buffer.from('naïve 漢字'), 'utf-8', 'naïve 漢字'],
  ['UTF-8 with a byte order mark', Buffer.from('\ufeffnaïve'), 'utf-8', 'naïve'],
  ['UTF-16 LE with a byte order mark', Buffer.from('\ufeffé 漢', 'utf16le'), 'utf-16le', 'é 漢'],
  ['UTF-16 BE with a byte order mark', utf16be('\ufeffé 漢'), 'utf-16be', 'é 漢'],
  ['UTF-16 LE without a mark', Buffer.from('evil.example was seen', 'utf16le'), 'utf-16le', 'evil.example was seen'],
  ['UTF-16 BE without a mark', utf16be('evil.example was seen'), 'utf-16be', 'evil.example was seen'],
  ['Windows-1252', Buffer.from([0x93, 0x63, 0x61, 0x66, 0xe9, 0x94]), 'windows-1252', '“café”'],
])('%s text is decoded and its byte order mark is not part of the text', (_name, bytes, encoding, text) => {
  expect(decodeText(bytes)).toEqual({ text, encoding })
})

test('a declared encoding is used for bytes that are not valid UTF-8', () => {
  expect(decodeText(Buffer.from([0xcf, 0xf0, 0xe8]), 'windows-1251')?.text).toBe('При')
})

test('valid UTF-8 is not read in a wrongly declared encoding', () => {
  expect(decodeText(Buffer.from('café'), 'iso-8859-1')?.text).toBe('café')
})

test('an unknown label is ignored', () => {
  expect(decodeText(Buffer.from('abc'), 'klingon-8')?.encoding).toBe('utf-8')
})

test('a broken byte in a text rich in UTF-8 sequences is replaced and the rest kept', () => {
  const bytes = Buffer.concat([Buffer.from('ééééééé'), Buffer.from([0xff]), Buffer.from('é')])
  expect(decodeText(bytes)?.text).toBe('ééééééé\ufffdé')
})

test('a character that the end of a sample cuts off does not change the guess', () => {
  const bytes = Buffer.from('漢字')
  expect(guessEncoding(bytes.subarray(0, 5), null, false)?.encoding).toBe('utf-8')
})

test.each([
  ['random bytes', Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 167 + 13) % 256))],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0])],
  ['a run of zeros', Buffer.alloc(100)],
])('%s are no text', (_name, bytes) => {
  expect(decodeText(bytes)).toBeNull()
})

test('any string survives UTF-8 with offsets unchanged, save lone surrogates and a leading mark', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      fc.pre(!text.startsWith('\ufeff'))
      const decoded = decodeText(Buffer.from(`plain words and ${text}`))
      if (decoded) expect(decoded.text).toBe(`plain words and ${text}`)
    }),
  )
})

test('lone surrogates and NUL are replaced without moving anything', () => {
  const text = 'a\ud800b\0c\udc00d😀'
  expect(storableText(text)).toBe('a\ufffdb\ufffdc\ufffdd😀')
  expect(storableText(text)).toHaveLength(text.length)
})
