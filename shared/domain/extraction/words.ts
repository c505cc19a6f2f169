import {
  ALPHANUMERIC,
  CLASS,
  classAt,
  DIGIT,
  HEX_LETTER,
  HYPHEN,
  isAlphanumericAt,
  isBlankAt,
  isDigitAt,
  isHexAt,
  OTHER_LETTER,
} from './characters.ts'
import { isBase58CheckBitcoin, isEthereumCase, isMonero, isSegwitBitcoin } from './checksums.ts'
import type { Candidate, Scan } from './scan.ts'
import type { IndicatorType } from './types.ts'

/** Values that are one word: hashes, wallet addresses, CVE ids, AS numbers, MAC addresses with hyphens. */

const SHORTEST_LONG_WORD = 26
const HASH_TYPES: Readonly<Record<number, IndicatorType>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' }

/**
 * Records what the alphanumeric segments of a run are by themselves.
 *
 * @param from offset of the run
 * @param to offset behind it
 */
export function addSegments(scan: Scan, from: number, to: number): void {
  const { text } = scan
  let at = from
  while (at < to) {
    let mask = 0
    const start = at
    while (at < to) {
      const code = text.charCodeAt(at)
      const bits = code < 128 ? CLASS[code]! & ALPHANUMERIC : 0
      if (bits === 0) break
      mask |= bits
      at++
    }
    if (at - start >= SHORTEST_LONG_WORD && (mask & DIGIT) !== 0) addLongSegment(scan, start, at, mask)
    at++
  }
}

function addLongSegment(scan: Scan, start: number, end: number, mask: number): void {
  const { text } = scan
  const length = end - start
  if ((mask & OTHER_LETTER) === 0) {
    const type = HASH_TYPES[length]
    if (type !== undefined) {
      scan.add(hashTypeHere(text, start, type), text.slice(start, end).toLowerCase(), start, end)
      return
    }
  }
  const code = text.charCodeAt(start)
  if (length === 42 && code === 48 && (text.charCodeAt(start + 1) | 32) === 120 && isHexRange(text, start + 2, end)) {
    const hex = text.slice(start + 2, end)
    const candidate = scan.add('ethereum', `0x${hex.toLowerCase()}`, start, end)
    if (!isEthereumCase(hex)) {
      candidate.suppressed = { reason: "letters' case contradicts the address checksum (EIP-55)", list: 'checksum' }
    }
    return
  }
  if (length === 72 && (code | 32) === 116 && text.charCodeAt(start + 1) === 49 && isHexRange(text, start + 2, end)) {
    scan.add('tlsh', text.slice(start, end).toUpperCase(), start, end)
    return
  }
  if (length === 70 && (mask & OTHER_LETTER) === 0 && /tlsh/i.test(text.slice(Math.max(0, start - 40), start))) {
    scan.add('tlsh', `T1${text.slice(start, end).toUpperCase()}`, start, end)
    return
  }
  if (length <= 35 && (code === 49 || code === 51)) {
    const value = text.slice(start, end)
    if (isBase58CheckBitcoin(value)) scan.add('bitcoin', value, start, end)
  } else if (length <= 74 && (code | 32) === 98 && text.charCodeAt(start + 2) === 49) {
    const value = text.slice(start, end)
    if (isSegwitBitcoin(value)) scan.add('bitcoin', value.toLowerCase(), start, end)
  } else if ((length === 95 || length === 106) && (code === 52 || code === 56)) {
    const value = text.slice(start, end)
    if (isMonero(value)) scan.add('monero', value, start, end)
  }
}

function isHexRange(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isHexAt(text, i)) return false
  return true
}

/** The words before a hash of 32 digits can say that it is an import hash or a TLS fingerprint. */
function hashTypeHere(text: string, start: number, type: IndicatorType): IndicatorType {
  if (type !== 'md5') return type
  let before = text.slice(Math.max(0, start - 40), start).toLowerCase()
  // The label can stand on the line above its value, no further.
  const newline = before.lastIndexOf('\n')
  if (newline >= 0) before = before.slice(before.lastIndexOf('\n', newline - 1) + 1)
  const label =
    /(imp[ -_]?hash|import[ -]hash|ja3s?|md5|sha-?1|sha-?256)(?:[^a-z0-9]|is|of|hash|fingerprint|value|digest)*$/.exec(
      before,
    )
  if (label === null) return type
  if (label[1]!.startsWith('imp')) return 'imphash'
  return label[1]!.startsWith('ja3') ? 'ja3' : type
}

/** Years in which CVE ids can exist; the programme began in 1999. */
function isCveYear(year: number): boolean {
  return year >= 1999 && year <= 2099
}

/**
 * Records every CVE id inside a run (`CVE-2021-44228`, also within a detection name, also with other dashes).
 *
 * @returns offset behind the last one, or `to`
 */
export function addCves(scan: Scan, from: number, to: number): number {
  const { text } = scan
  let at = from
  let last = to
  while (at + 2 < to) {
    if ((text.charCodeAt(at) | 32) !== 99 || (text.charCodeAt(at + 1) | 32) !== 118) {
      at++
      continue
    }
    const end = (text.charCodeAt(at + 2) | 32) === 101 ? cveEnd(text, at + 3) : -1
    if (end < 0 || (at > from && isAlphanumericAt(text, at - 1))) {
      at++
      continue
    }
    const digits = text.slice(at + 3, end).replace(/[^0-9]/g, '')
    scan.add('cve', `CVE-${digits.slice(0, 4)}-${digits.slice(4)}`, at, end)
    at = end
    if (end > last) last = end
  }
  return last
}

/** End of the `-year-number` behind `CVE`, or -1. */
function cveEnd(text: string, from: number): number {
  const year = dashEnd(text, from)
  if (year < 0 || !isDigitAt(text, year) || !isDigitAt(text, year + 3)) return -1
  if (!isCveYear(Number(text.slice(year, year + 4)))) return -1
  const number = dashEnd(text, year + 4)
  if (number < 0) return -1
  let end = number
  while (end - number < 8 && isDigitAt(text, end)) end++
  const length = end - number
  return length >= 4 && length <= 7 && !isAlphanumericAt(text, end) ? end : -1
}

/** Offset behind a hyphen of any kind (typesetting replaces them), or -1. */
function dashEnd(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code === 45 || code === 95 || (code >= 0x2010 && code <= 0x2015) || code === 0x2212 ? index + 1 : -1
}

/** Whether the word at an offset is `CVE`, whose number can be behind a typographic dash. */
export function isCveWord(text: string, start: number, end: number): boolean {
  return end - start === 3 && text.slice(start, end).toUpperCase() === 'CVE'
}

/**
 * Records an AS number (`AS64500`, `ASN 64500`, `AS 64500`) whose word starts at an offset.
 *
 * @returns offset behind it, or -1
 */
export function addAsn(scan: Scan, start: number, end: number): number {
  const { text } = scan
  let at = start + 2
  const upper = text.charCodeAt(start) === 65 && text.charCodeAt(start + 1) === 83
  if (!upper && (text.charCodeAt(start) | 32) !== 97) return -1
  const named = (text.charCodeAt(at) | 32) === 110
  if (named) at++
  if (at === end) {
    // The number stands apart.
    if (!upper) return -1
    let skipped = 0
    while (skipped < 2 && (isBlankAt(text, at) || text.charCodeAt(at) === 58 || text.charCodeAt(at) === 35)) {
      at++
      skipped++
    }
    if (skipped === 0) return -1
  } else if (!upper && !named) return -1
  const from = at
  while (at - from < 11 && isDigitAt(text, at)) at++
  const digits = at - from
  if (digits < (named ? 2 : 3) || digits > 10 || isAlphanumericAt(text, at) || text.charCodeAt(from) === 48) return -1
  // Apart and unnamed, only numbers too long for a year are taken.
  if (from > end && !named && digits < 5) return -1
  const next = text.charCodeAt(at)
  if (((next === 45 || next === 46) && isAlphanumericAt(text, at + 1)) || next === 47) return -1
  const number = Number(text.slice(from, at))
  if (number > 4_294_967_295) return -1
  scan.add('asn', `AS${number}`, start, at)
  return at
}

/** Records a MAC address written with hyphens that is exactly the word given. */
export function addHyphenMac(scan: Scan, start: number, end: number): Candidate | null {
  const { text } = scan
  if (end - start !== 17) return null
  for (let i = 0; i < 17; i++) {
    const bits = classAt(text, start + i)
    if (i % 3 === 2 ? (bits & HYPHEN) === 0 : (bits & (DIGIT | HEX_LETTER)) === 0) return null
  }
  return scan.add('mac', text.slice(start, end).toLowerCase().replaceAll('-', ':'), start, end)
}

/** Records a MAC address in three groups of four (`0011.22aa.bbcc`) that is exactly the run given. */
export function addDottedMac(scan: Scan, start: number, end: number): boolean {
  const { text } = scan
  if (end - start !== 14) return false
  let letters = 0
  for (let i = 0; i < 14; i++) {
    const bits = classAt(text, start + i)
    if (i === 4 || i === 9) {
      if (text.charCodeAt(start + i) !== 46) return false
    } else if ((bits & HEX_LETTER) !== 0) letters++
    else if ((bits & DIGIT) === 0) return false
  }
  if (letters === 0) return false
  const hex = text.slice(start, end).toLowerCase().replaceAll('.', '')
  scan.add('mac', hex.replace(/..(?!$)/g, '$&:'), start, end)
  return true
}
