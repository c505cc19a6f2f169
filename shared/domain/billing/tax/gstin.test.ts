import fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { checkDigit, Gstin, isGstin } from './gstin.ts'
import { stateNames } from './states.ts'

const letter = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
const digit = fc.constantFrom(...'0123456789')
const characters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const anyCharacter = fc.constantFrom(...characters)

/** The first fourteen characters of a GSTIN of anybody. */
const anyBase = fc
  .tuple(
    fc.constantFrom(...Object.keys(stateNames)),
    fc.string({ unit: letter, minLength: 5, maxLength: 5 }),
    fc.string({ unit: digit, minLength: 4, maxLength: 4 }),
    letter,
    anyCharacter,
  )
  .map(([state, name, serial, last, registration]) => `${state}${name}${serial}${last}${registration}Z`)
const anyGstin = anyBase.map((base) => base + checkDigit(base))

test.each(['27AAPFU0939F1ZV', '29AAGCB7383J1Z4', '09AAACI1681G1ZN'])('%s is a GSTIN', (gstin) => {
  expect(isGstin(gstin)).toBe(true)
})

test.each([
  ['an empty text', ''],
  ['a wrong check digit', '27AAPFU0939F1ZW'],
  ['a state that there is none of', `40AAPFU0939F1Z${checkDigit('40AAPFU0939F1Z')}`],
  ['a fourteenth character other than Z', `27AAPFU0939F1Y${checkDigit('27AAPFU0939F1Y')}`],
  ['small letters', '27aapfu0939f1zv'],
  ['a line break after it', '27AAPFU0939F1ZV\n'],
  ['more than fifteen characters', '27AAPFU0939F1ZV0'],
])('%s is none', (_, text) => {
  expect(isGstin(text)).toBe(false)
})

test('each with its own check digit is good, and with no other', () => {
  fc.assert(
    fc.property(anyGstin, anyCharacter, (gstin, last) => {
      expect(isGstin(gstin)).toBe(true)
      expect(isGstin(gstin.slice(0, 14) + last)).toBe(last === gstin[14])
    }),
  )
})

test('one mistyped character is noticed', () => {
  fc.assert(
    fc.property(anyGstin, fc.nat(14), anyCharacter, (gstin, index, typed) => {
      fc.pre(typed !== gstin[index])
      expect(isGstin(gstin.slice(0, index) + typed + gstin.slice(index + 1))).toBe(false)
    }),
  )
})

test('it is taken as people write it', () => {
  expect(v.parse(Gstin, ' 27 aapfu 0939f 1zv ')).toBe('27AAPFU0939F1ZV')
  expect(v.is(Gstin, '27AAPFU0939F1ZW')).toBe(false)
})
