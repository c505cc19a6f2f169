import { formatIpv6, parseIpv6 } from './addresses.ts'
import { ALPHANUMERIC, classAt, DIGIT, isAlphanumericAt, isDigitAt, isHexAt } from './characters.ts'
import { colonAt } from './defang.ts'
import type { Scan } from './scan.ts'

/** Values whose parts are joined by colons: IPv6 addresses, MAC addresses, ssdeep hashes. */

/** Longest text form of an IPv6 address with every colon defanged. */
const LONGEST_GROUPS = 96

/**
 * Records the IPv6 or MAC address whose first group starts at an offset.
 *
 * @param start offset of a hexadecimal digit, or of the first colon of `::`
 * @returns offset behind the sequence of groups, also when it is a byte dump or a time and nothing was recorded; -1 when
 *   the word at the offset should be read in another way
 */
export function addColonGroups(scan: Scan, start: number): number {
  const { text } = scan
  let at = start
  let written = ''
  let groups = 0
  let longest = 0
  let shortest = 9
  let defanged = false
  let lastColon = start
  for (;;) {
    const groupFrom = at
    while (isHexAt(text, at)) at++
    const length = at - groupFrom
    if (length > 0) {
      groups++
      if (length > longest) longest = length
      if (length < shortest) shortest = length
    }
    if (written.length <= LONGEST_GROUPS) written += length <= 40 ? text.slice(groupFrom, at) : '~'
    const next = colonAt(text, at)
    if (next < 0) break
    if (next > at + 1) defanged = true
    lastColon = at
    if (written.length <= LONGEST_GROUPS) written += ':'
    at = next
  }
  if (written.length > LONGEST_GROUPS) return at
  if (written.endsWith(':') && !written.endsWith('::')) {
    // The colon belongs to the sentence.
    written = written.slice(0, -1)
    at = lastColon
  }
  if (!written.includes(':')) return -1
  if (isAlphanumericAt(text, at) || text.charCodeAt(at) === 95 || text.charCodeAt(at) === 45) return -1
  if (groups === 6 && longest === 2 && shortest === 2 && written.length === 17) {
    scan.add('mac', written.toLowerCase(), start, at, defanged)
    return at
  }
  const address = ipv6At(text, written, at, longest)
  if (address === null) return groups > 2 ? at : -1
  addIpv6(scan, address.value, start, address.end, defanged)
  return scan.floor
}

/** Reads the groups as an address, with the dotted tail that an IPv4-mapped one has behind them. */
function ipv6At(text: string, groups: string, end: number, longest: number): { value: string; end: number } | null {
  let written = groups
  let stop = end
  if (written.includes('::') && text.charCodeAt(end) === 46 && /:\d{1,3}$/.test(written)) {
    const tail = /^(?:\.\d{1,3}){3}(?![.\d])/.exec(text.slice(end, end + 13))
    if (tail !== null) {
      written += tail[0]
      stop += tail[0].length
    }
  }
  if (!isPlausibleIpv6(written, longest)) return null
  const parsed = parseIpv6(written)
  return parsed === null ? null : { value: formatIpv6(parsed), end: stop }
}

function addIpv6(scan: Scan, value: string, start: number, end: number, defanged: boolean): void {
  const { text } = scan
  if (text.charCodeAt(end) === 47) {
    let stop = end + 1
    while (stop - end < 4 && isDigitAt(text, stop)) stop++
    const prefix = Number(text.slice(end + 1, stop))
    if (stop > end + 1 && prefix >= 1 && prefix <= 128 && !isAlphanumericAt(text, stop)) {
      scan.add('ipv6-cidr', `${value}/${prefix}`, start, stop, defanged, 'own', null, value)
      return
    }
  }
  // `[2001:db8::1]:443`
  if (text.charCodeAt(start - 1) === 91 && text.charCodeAt(end) === 93) {
    const colon = colonAt(text, end + 1)
    let stop = colon
    while (colon > 0 && stop - colon < 5 && isDigitAt(text, stop)) stop++
    const port = colon > 0 ? Number(text.slice(colon, stop)) : 0
    if (port > 0 && port <= 65535 && !isAlphanumericAt(text, stop)) {
      scan.add('ipv6-port', `[${value}]:${port}`, start - 1, stop, defanged, 'own', null, value)
      scan.add('ipv6', value, start, end, defanged, 'port-host', null, value)
      return
    }
  }
  scan.add('ipv6', value, start, end, defanged, 'own', null, value)
}

/**
 * Keeps `std::dec`, `x[1::2]`, `12:34:56` and byte dumps out: a compressed address starts with a group of three or four
 * digits (every prefix in use does) or is of the loopback or mapped kind; a full one has a group beyond one byte.
 */
function isPlausibleIpv6(written: string, longestGroup: number): boolean {
  if (!/\d/.test(written)) return false
  if (written.startsWith('::')) return written === '::1' || /^::(?:ffff:)/i.test(written)
  if (!written.includes('::')) return longestGroup >= 3
  const first = written.indexOf(':')
  return first >= 3 || /^(?:64:ff9b)/i.test(written)
}

/** Block sizes of ssdeep are 3 times a power of two. */
function isBlockSize(number: number): boolean {
  if (number < 3 || number % 3 !== 0) return false
  const power = number / 3
  return (power & (power - 1)) === 0
}

function isBase64At(text: string, index: number): boolean {
  if ((classAt(text, index) & ALPHANUMERIC) !== 0) return true
  const code = text.charCodeAt(index)
  return code === 43 || code === 47
}

/**
 * Records the ssdeep hash (`block size:hash:hash`) whose block size is the word at an offset.
 *
 * @returns offset behind it, or -1
 */
export function addSsdeep(scan: Scan, start: number, wordEnd: number): number {
  const { text } = scan
  if (wordEnd - start > 10) return -1
  for (let i = start; i < wordEnd; i++) if ((classAt(text, i) & DIGIT) === 0) return -1
  if (!isBlockSize(Number(text.slice(start, wordEnd)))) return -1
  const firstFrom = wordEnd + 1
  let at = firstFrom
  while (at - firstFrom <= 64 && isBase64At(text, at)) at++
  const firstLength = at - firstFrom
  if (firstLength < 3 || firstLength > 64 || text.charCodeAt(at) !== 58) return -1
  const secondFrom = at + 1
  at = secondFrom
  while (at - secondFrom <= 64 && isBase64At(text, at)) at++
  const secondLength = at - secondFrom
  if (secondLength < 1 || secondLength > 64 || secondLength > firstLength + 1) return -1
  // Short ones look like times and ratios unless the text names them.
  if (firstLength < 12 && !/ssdeep|fuzzy|ctph/i.test(text.slice(Math.max(0, start - 40), start))) return -1
  scan.add('ssdeep', text.slice(start, at), start, at)
  return at
}
