import * as v from 'valibot'
import { stateNames } from './states.ts'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** State, PAN (ten characters), which registration of that PAN in the state, Z, check digit. */
const form = /^\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]$/

/** Whether it has the form of a GSTIN, names a state, and ends with the right check digit. */
export function isGstin(text: string): boolean {
  return form.test(text) && Object.hasOwn(stateNames, text.slice(0, 2)) && checkDigit(text.slice(0, 14)) === text.at(14)
}

/**
 * The last character of a GSTIN, of its first fourteen: Luhn's algorithm on base 36, with weights 1 and 2 in turn and the
 * two digits of each product summed.
 */
export function checkDigit(first14: string): string {
  let sum = 0
  for (const [index, character] of [...first14].entries()) {
    const product = alphabet.indexOf(character) * (index % 2 === 0 ? 1 : 2)
    sum += Math.floor(product / 36) + (product % 36)
  }
  return alphabet.charAt((36 - (sum % 36)) % 36)
}

/** A GSTIN as people type it: spaces and small letters are fine. */
export const Gstin = v.pipe(
  v.string(),
  v.transform((text) => text.replaceAll(/\s/g, '').toUpperCase()),
  v.check(isGstin, 'must be a GSTIN: 15 characters, of which the last checks the others'),
)
