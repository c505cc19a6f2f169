import { isAlphanumericAt } from './characters.ts'
import type { Suppression } from './types.ts'

const VERSION: Suppression = { reason: 'version number', list: 'version-string' }
const SECTION: Suppression = { reason: 'number of a section or object identifier', list: 'version-string' }

const VERSION_WORD =
  /(?:\bv(?:er(?:sion)?s?)?\.?|\bversions?(?: number)?|\brelease[ds]?|\bbuild|\bfirmware|\bupdated?(?: to)?|\brev(?:ision)?\.?|\bpatch(?:ed in)?|\bsp\d?|\bedition|\bkernel|\bdriver|\bapi|\bsdk|\bupgraded? (?:to|from)|\bfixed in|\bprior to|\bbefore|\bthrough|\bearlier than|\bolder than|\bnewer than|\bsince|[<>]=?|≤|≥|\^|~)[ \t:=]*["'(]?$/
const SECTION_WORD =
  /(?:\b(?:section|sections|chapter|sec\.|clause|appendix|annex|figure|fig\.|table|step|oid|rfc|item|requirement|control|cis|paragraph)|§)[ \t]*$/
/** Further numbers of an enumeration: `versions 1.2.3.4, 1.2.3.5 and …` */
const NUMBERS_BEFORE = /(?:\d{1,5}(?:\.\d{1,5}){1,4}(?:,| and| or| to| -| –|\/){1,2}[ \t]{0,2}){1,8}$/
const VERSION_AFTER =
  /^(?:[ \t]+(?:or|and)[ \t]+(?:later|earlier|above|below|higher|lower|newer|older|prior|up)\b|-(?:beta|alpha|rc|snapshot|release|dev|patch)|\+(?![\d.])|\.x\b|\.\*)/
/** Words that stand before an address, so that a capital before four numbers does not make them a version. */
const ADDRESS_WORD =
  /(?:\b(?:ips?|ipv4|address(?:es)?|hosts?|servers?|c2s?|c&c|cnc|from|to|at|on|by|via|with|and|or|is|was|are|of|proxy|dns|node|peer|gateway|domain|resolv\w*|contact\w*|connect\w*|ping|traceroute|ssh|nslookup|curl|wget|beacon\w*|infrastructure|control|indicators?|network|socks\d?|tunnel\w*|vps|relay|router|scan\w*|attacker|source|destination|src|dst|remote|local|client|sinkhole)|[:|,;/*-])[ \t"'`([]*$/

/**
 * Tells whether four numbers with dots are rather a version or a section number than an address.
 *
 * @param text whole text
 * @param start offset of the first digit
 * @param end offset behind the last
 * @returns the reason, with `firm` when the words beside it say so; null when nothing does
 */
export function versionDoubt(
  text: string,
  start: number,
  end: number,
): { suppression: Suppression; firm: boolean } | null {
  let before = ''
  let written = ''
  if (followsText(text, start)) {
    const line = text.slice(Math.max(0, start - 80), start)
    written = line.slice(line.lastIndexOf('\n') + 1).replace(NUMBERS_BEFORE, '')
    before = written.toLowerCase()
    if (SECTION_WORD.test(before)) return { suppression: SECTION, firm: true }
    if (VERSION_WORD.test(before)) return { suppression: VERSION, firm: true }
  }
  if (mayGoOn(text.charCodeAt(end)) && VERSION_AFTER.test(text.slice(end, end + 20)))
    return { suppression: VERSION, firm: true }
  // `Chrome/91.0.4.1`
  if (text.charCodeAt(start - 1) === 47 && isAlphanumericAt(text, start - 2))
    return { suppression: VERSION, firm: true }
  const parts = text.slice(start, end).split('.').map(Number)
  const [a, b, c, d] = parts as [number, number, number, number]
  const isSmall = a < 32 && b < 32 && c < 32 && d < 32
  const endsInZeros = c === 0 && d === 0
  const hasZero = b === 0 || c === 0
  if (isSmall || endsInZeros) return { suppression: VERSION, firm: false }
  // A product before numbers of which one is zero: `Acrobat 11.0.23.1`
  if (a < 100 && hasZero && /[a-z)][ \t]+$/.test(before) && !ADDRESS_WORD.test(before)) {
    return { suppression: VERSION, firm: false }
  }
  // A name with a capital before small leading numbers: `Exchange 15.1.225.42`
  if (a <= 16 && b <= 20 && /\b[A-Z][A-Za-z]*[ \t]+$/.test(written) && !ADDRESS_WORD.test(before)) {
    return { suppression: VERSION, firm: false }
  }
  return null
}

/** Whether words stand before an offset on its line; cells and quotes of code do not. */
function followsText(text: string, start: number): boolean {
  let at = start - 1
  while (at >= 0 && start - at < 4) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 9 && code !== 34 && code !== 39 && code !== 40) break
    at--
  }
  const code = text.charCodeAt(at)
  // A comma with a space is one of prose, without it one of a list of values.
  if (code === 44) return at < start - 1
  // `…:1.2.3.4` behind a digit is a list of addresses with ports.
  if (code === 58) return !isAlphanumericAt(text, at - 1) || text.charCodeAt(at - 1) > 57
  return at >= 0 && code !== 10 && code !== 124 && code !== 96 && code !== 13
}

function mayGoOn(code: number): boolean {
  return code === 32 || code === 45 || code === 43 || code === 46 || code === 9
}
