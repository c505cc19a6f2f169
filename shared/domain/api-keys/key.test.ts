import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newApiKey, parseApiKey } from './key.ts'

const key = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => newApiKey(bytes))

test('every key has one form, whatever its bits', () => {
  fc.assert(fc.property(key, (text) => /^rfa_[0-9A-Za-z]{33}$/.test(text)))
  expect(newApiKey(new Uint8Array(20))).toMatch(/^rfa_0{27}/)
  expect(newApiKey(new Uint8Array(20).fill(255))).toHaveLength(37)
})

test('the same bits make the same key, other bits another one', () => {
  const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 })
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      expect(newApiKey(one) === newApiKey(other)).toBe(Buffer.compare(one, other) === 0)
    }),
  )
  expect(newApiKey()).not.toBe(newApiKey())
})

test('the checksum is the CRC-32 of what precedes, as in zlib', () => {
  // python3: zlib.crc32(b'rfa_' + b'0' * 27) = 3317310528, which is 3cV60W in base 62.
  expect(newApiKey(new Uint8Array(20))).toBe(`rfa_${'0'.repeat(27)}3cV60W`)
})

test('a key is known by its hash and its first twelve characters', () => {
  fc.assert(
    fc.property(key, (text) => {
      expect(parseApiKey(text)).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), prefix: text.slice(0, 12) })
    }),
  )
})

test('one wrong character makes it no key', () => {
  const wrong = fc.tuple(key, fc.nat(36), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }))
  fc.assert(
    fc.property(wrong, ([text, at, character]) => {
      fc.pre(text[at] !== character)
      expect(parseApiKey(text.slice(0, at) + character + text.slice(at + 1))).toBeNull()
    }),
    { numRuns: 2000 },
  )
})

test('two neighbours in the wrong order make it no key', () => {
  fc.assert(
    fc.property(key, fc.nat(29), (text, at) => {
      fc.pre(text[at] !== text[at + 1])
      const swapped = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2)
      expect(parseApiKey(swapped)).toBeNull()
    }),
    { numRuns: 2000 },
  )
})

test('any other text is no key', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseApiKey(text) === null))
  fc.assert(fc.property(key, fc.string({ minLength: 1 }), (text, more) => parseApiKey(text + more) === null))
  fc.assert(fc.property(fc.stringMatching(/^rfa_[0-9A-Za-z]{33}$/), (text) => parseApiKey(text) === null))
})
