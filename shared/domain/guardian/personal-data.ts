import { readings } from './decoded.ts'
import { normalise } from './words.ts'

/**
 * The kind of personal data that a text holds, e.g. "telephone number", or null.
 *
 * @param evidence e-mail addresses (small letters, refanged) that may stand because they are cited indicators
 */
export function findPersonalData(text: string, evidence: ReadonlySet<string> = new Set()): string | null {
  for (const reading of readings(text).map(normalise)) {
    for (const [address] of reading.matchAll(
      /[\p{L}\p{N}_](?:[\p{L}\p{N}._%+'-]{0,63})@[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62}\.){1,8}\p{L}[\p{L}\p{N}-]{1,30}/gu,
    )) {
      if (!evidence.has(address.toLowerCase())) return 'e-mail address'
    }
    for (const [kind, pattern, isValid] of kinds) {
      for (const match of reading.matchAll(pattern)) {
        if (isValid(match[0])) return kind
      }
    }
  }
  return null
}

const digitsOf = (value: string): string => value.replace(/\D/g, '')

/** Each with what confirms a match. No pattern begins inside a word, a hash, a version or a path. */
const kinds: readonly (readonly [string, RegExp, (match: string) => boolean])[] = [
  ['card number', /(?<![\w.:/-])\d(?:[ -]?\d){12,18}(?![\w:/-]|\.\d)/g, isCard],
  ['IBAN', /(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)/g, isIban],
  ['Aadhaar number', /(?<![\w.:/-])[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}(?![\w:/-]|\.\d)/g, isAadhaar],
  ['PAN', /(?<![\w./-])[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z](?![\w/-])/g, () => true],
  [
    'social security number',
    /(?<![\w.:/-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w:/-]|\.\d)/g,
    () => true,
  ],
  [
    'national insurance number',
    /(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)/g,
    () => true,
  ],
  ['telephone number', /(?<![\w.:/-])\+\d{1,3}[ .-]?\(?\d{1,5}\)?(?:[ .-]?\d{2,5}){1,4}(?![\w:/]|[.-]\d)/g, isPhone],
  ['telephone number', /(?<![\w.:/-])(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w:/]|[.-]\d)/g, isPhone],
  ['telephone number', /(?<![\w.:/-]|\d )(?:\(0\d{2,4}\)|0\d{2,4})[ /-]\d{3,4}[ -]?\d{3,4}(?![\w:/]|[.-]\d)/g, isPhone],
  [
    'telephone number',
    /(?<=\b(?:tel|phone|mobile|cell|call|fax|whatsapp|sms)\.?:? ?(?:no\.?|number)? ?)[6-9]\d{9}(?!\w)|(?<![\w.:/-])[6-9]\d{4} \d{5}(?!\w)/gi,
    isPhone,
  ],
]

function isPhone(match: string): boolean {
  const { length } = digitsOf(match)
  return length >= 9 && length <= 15
}

/** Lengths and first digits of ISO/IEC 7812 issuers, and Luhn's check digit. */
function isCard(match: string): boolean {
  const digits = digitsOf(match)
  if (
    !/^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|(?:60|65|81|82|508)\d{13,14}|35\d{14}|62\d{14,17})$/.test(
      digits,
    )
  )
    return false
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at])
    sum += at % 2 === 1 ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}

/** ISO 13616: the remainder by 97 is 1. */
function isIban(match: string): boolean {
  const value = match.replaceAll(' ', '')
  if (value.length < 15 || value.length > 34) return false
  let rest = 0
  for (const character of value.slice(4) + value.slice(0, 4)) {
    const number = Number.parseInt(character, 36)
    rest = (rest * (number > 9 ? 100 : 10) + number) % 97
  }
  return rest === 1
}

const dihedral = [
  '0123456789', '1234067895', '2340178956', '3401289567', '4012395678', '5987604321', '6598710432', '7659821043', '8765932104', '9876543210',
] // biome-ignore format: a table
const permutations = [
  '0123456789', '1576283094', '5803796142', '8916043527', '9453126870', '4286573901', '2793806415', '7046913258',
] // biome-ignore format: a table

/** Verhoeff's check digit. */
function isAadhaar(match: string): boolean {
  let check = 0
  for (const [at, digit] of [...digitsOf(match)].reverse().entries()) {
    check = Number(dihedral[check]![Number(permutations[at % 8]![Number(digit)])])
  }
  return check === 0
}
