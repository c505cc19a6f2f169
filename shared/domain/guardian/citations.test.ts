import { expect, test } from 'vitest'
import { citationFault, crosses, maximumQuoteCharacters } from './citations.ts'
import type { Source } from './types.ts'

const text = 'APT29 used Mimikatz. ExfiltrationT1041 was seen, 𝒳 marks it, cafe\u0301 too. It was unlikely.'
const evidence = '01960000-0000-7000-8000-000000000001'
const source: Source = {
  title: 'Report',
  tlp: 'CLEAR',
  text,
  evidence: new Map([[evidence, { start: text.indexOf('T1041'), end: text.indexOf('T1041') + 5 }]]),
}

function fault(quote: string, change: { start?: number; end?: number; evidence_id?: string | null } = {}, of = source) {
  const start = change.start ?? of.text.indexOf(quote)
  return citationFault(
    { evidence_id: null, document_id: evidence, start, end: start + quote.length, quote, ...change },
    of,
  )
}

test('a quote at its very place is right', () => {
  expect(fault('APT29 used Mimikatz.')).toBeNull()
})

test.each([
  ['one character further', { start: 1 }],
  ['longer than the quote', { end: 25 }],
  ['beyond the end of the text', { start: 1000 }],
  ['before its beginning', { start: -1 }],
  ['backwards', { start: 20, end: 0 }],
  ['between two characters', { start: 0.5 }],
  ['nowhere', { start: Number.NaN, end: Number.NaN }],
])('a quote whose offsets are %s is refused', (_, change) => {
  expect(fault('APT29 used Mimikatz.', change)).toBe('quote_not_at_offset')
})

test.each(['APT29 used mimikatz.', 'APT29 used Mimikatz!', 'АPT29 used Mimikatz.', 'APT29 used  Mimikatz'])(
  '%j, which is nearly what stands there, is refused',
  (quote) => expect(fault(quote, { start: 0 })).toBe('quote_not_at_offset'),
)

test('a quote in another normal form is another quote', () => {
  const start = text.indexOf('cafe')
  expect(fault('café', { start, end: start + 4 })).toBe('quote_not_at_offset')
})

test.each(['likely', 'APT2', 'imikatz', 'unlike'])('%j, which is part of a word, is refused', (quote) => {
  expect(fault(quote)).toBe('quote_cut')
})

test('half a character, and a letter without what stands on it, are refused', () => {
  const at = text.indexOf('𝒳')
  expect(fault(text.slice(at + 1, at + 10), { start: at + 1 })).toBe('quote_cut')
  expect(fault('cafe')).toBe('quote_cut')
})

test('evidence may stand between letters; the same words without the evidence may not', () => {
  expect(fault('T1041', { evidence_id: evidence })).toBeNull()
  expect(fault('T1041')).toBe('quote_cut')
})

test('evidence has to be of that document and within the quote', () => {
  expect(fault('APT29 used Mimikatz.', { evidence_id: evidence })).toBe('evidence_mismatch')
  expect(fault('ExfiltrationT1041 was seen', { evidence_id: evidence })).toBeNull()
  expect(fault('ExfiltrationT1041', { evidence_id: '01960000-0000-7000-8000-000000000002' })).toBe('evidence_mismatch')
})

test('a quote that says nothing, hides text, or is longer than one claim needs is refused', () => {
  const of = (written: string): Source => ({ ...source, text: written })
  expect(fault(' … ', {}, of('a … b'))).toBe('quote_empty')
  expect(fault('used \u202ezotaz', {}, of('used \u202ezotaz'))).toBe('quote_hides_text')
  expect(fault('used \u{e0041}', {}, of('used \u{e0041}'))).toBe('quote_hides_text')
  const long = 'word '.repeat(maximumQuoteCharacters / 5)
  expect(fault(long, {}, of(long))).toBeNull()
  expect(fault(`${long}w`, {}, of(`${long}w`))).toBe('quote_too_long')
})

test('quotes may be apart, beside each other, the same, or one within the other; they may not cross', () => {
  const at = (start: number, end: number) => ({ evidence_id: null, document_id: evidence, start, end, quote: 'x' })
  expect([at(0, 5), at(5, 9), at(2, 4), at(0, 9), at(0, 3)].map((other) => crosses(at(0, 5), other))).not.toContain(
    true,
  )
  expect(crosses(at(0, 5), at(3, 9))).toBe(true)
  expect(crosses(at(3, 9), at(0, 5))).toBe(true)
  expect(crosses(at(0, 5), { ...at(3, 9), document_id: '01960000-0000-7000-8000-000000000002' })).toBe(false)
})
