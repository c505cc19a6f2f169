import { isDigitAt } from './characters.ts'
import type { Run } from './run.ts'

/** Reads the octet that one label of a run spells (no sign, no leading zero), or -1. */
export function octetAt(text: string, from: number, to: number): number {
  const length = to - from
  if (length < 1 || length > 3) return -1
  let value = 0
  for (let i = from; i < to; i++) {
    if (!isDigitAt(text, i)) return -1
    value = value * 10 + text.charCodeAt(i) - 48
  }
  if (value > 255 || (length > 1 && text.charCodeAt(from) === 48)) return -1
  return value
}

/** Whether a run is four octets and nothing else. */
export function isIpv4Run(text: string, run: Run): boolean {
  if (run.count !== 4 || run.overflow) return false
  for (let i = 0; i < 4; i++) if (octetAt(text, run.labelStart[i]!, run.labelEnd[i]!) < 0) return false
  return true
}

/** IPv4 address as an unsigned 32-bit number; the value must be canonical dotted decimal. */
export function ipv4Number(value: string): number {
  let number = 0
  let octet = 0
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code === 46) {
      number = number * 256 + octet
      octet = 0
    } else octet = octet * 10 + code - 48
  }
  return number * 256 + octet
}

/**
 * Parses the text form of an IPv6 address (RFC 4291 section 2.2), without zone.
 *
 * @param written hexadecimal groups, `::`, and an optional dotted-decimal tail
 * @returns eight 16-bit groups, or null
 */
export function parseIpv6(written: string): number[] | null {
  if (written.length < 2 || written.length > 45) return null
  const double = written.indexOf('::')
  if (double !== written.lastIndexOf('::') || written.includes(':::')) return null
  const head = groupsOf(double < 0 ? written : written.slice(0, double), double < 0)
  if (head === null) return null
  if (double < 0) return head.length === 8 ? head : null
  const tail = groupsOf(written.slice(double + 2), true)
  if (tail === null || head.length + tail.length > 7) return null
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

function groupsOf(part: string, mayEndInIpv4: boolean): number[] | null {
  if (part === '') return []
  const groups: number[] = []
  const pieces = part.split(':')
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i]!
    if (piece.includes('.')) {
      if (!mayEndInIpv4 || i !== pieces.length - 1 || !/^(?:\d{1,3}\.){3}\d{1,3}$/.test(piece)) return null
      const octets = piece.split('.').map(Number)
      if (octets.some((octet) => octet > 255)) return null
      groups.push(octets[0]! * 256 + octets[1]!, octets[2]! * 256 + octets[3]!)
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(piece)) {
      groups.push(Number.parseInt(piece, 16))
    } else return null
  }
  return groups
}

/** Canonical text of an IPv6 address (RFC 5952): lower case, the longest run of two or more zero groups compressed. */
export function formatIpv6(groups: readonly number[]): string {
  let bestFrom = -1
  let bestLength = 1
  for (let i = 0; i < 8; ) {
    let j = i
    while (j < 8 && groups[j] === 0) j++
    if (j - i > bestLength) {
      bestFrom = i
      bestLength = j - i
    }
    i = j + 1
  }
  const hex = groups.map((group) => group.toString(16))
  if (bestFrom < 0) return hex.join(':')
  return `${hex.slice(0, bestFrom).join(':')}::${hex.slice(bestFrom + bestLength).join(':')}`
}
