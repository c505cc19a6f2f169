import { expect, test } from 'vitest'
import { brandFaults, isApproved, missingPhrases } from './brand.ts'
import type { BrandRules } from './types.ts'

const brand: BrandRules = {
  bannedWords: ['cheap', 'military-grade', 'so called'],
  requiredPhrases: ['No product stops every attack.'],
  approvedPhrases: ['Try it today at https://www.example.org.'],
  tone: { exclamationMarks: false, capitals: false, maximumSentenceWords: 12 },
  wordForWord: ['superlatives', 'guarantees', 'comparisons'],
}

const codes = (text: string, quotes: string[] = []) => brandFaults(text, quotes, brand).map(({ code }) => code)

test.each([
  ['brand_word', 'A CHEAP filter.'],
  ['brand_word', 'Our “military-grade” lists.'],
  ['brand_word', 'a so called\nexpert'],
  ['brand_tone', 'Read this now!'],
  ['brand_tone', 'Now with AMAZING lists.'],
  ['brand_tone', 'one two three four five six seven eight nine ten eleven twelve thirteen.'],
  ['claim_rule', 'The best lists.'],
  ['claim_rule', 'The fastest lists.'],
  ['claim_rule', '#1 in Europe.'],
  ['claim_rule', 'We guarantee it.'],
  ['claim_rule', 'Stops 100% of attacks.'],
  ['claim_rule', 'Never miss an alert.'],
  ['claim_rule', 'Faster than others.'],
  ['claim_rule', 'It is 3x faster.'],
  ['claim_rule', 'Unlike Acme, we listen.'],
])('%s: %j', (code, text) => expect(codes(text)).toContain(code))

test('plain sentences are fine, also with names in capitals and words that hold a banned one', () => {
  expect(codes('Lists of 120 hosts that CISA told of, not cheaply.')).toEqual([])
})

test('a superlative, promise or comparison may be made in the very words of a quote', () => {
  expect(codes('It is the fastest list.', ['Testers called it the fastest list.'])).toEqual([])
  expect(codes('It is the best list.', ['Testers called it the fastest list.'])).toEqual(['claim_rule'])
})

test('a required phrase is missed unless a text holds it, whatever its case and marks', () => {
  expect(missingPhrases(['Something else.'], brand)).toEqual(brand.requiredPhrases)
  expect(missingPhrases(['Buy. no product stops every attack!'], brand)).toEqual([])
})

test('approved is what people approved, word for word', () => {
  expect(isApproved('Try it today at https://www.example.org.', brand)).toBe(true)
  expect(isApproved('Try it today at https://www.example.com.', brand)).toBe(false)
  expect(isApproved('No product stops every attack.', brand)).toBe(true)
  expect(isApproved('No product stops every attack.', undefined)).toBe(false)
})
