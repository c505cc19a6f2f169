import { classAt, isAlphanumericAt, isBlankAt, isHexAt, isLineEndAt, LABEL, LETTER } from './characters.ts'
import type { Scan } from './scan.ts'

/** Values that only the words around them identify: mutexes, user agents, certificate serials, YARA rule names. */

const LONGEST_LINE = 400
const MOST_LIST_LINES = 500

function lineEnd(text: string, from: number, most: number): number {
  let at = from
  while (at - from < most && !isLineEndAt(text, at)) at++
  return at
}

function lineStart(text: string, from: number, most: number): number {
  let at = from
  while (from - at < most && !isLineEndAt(text, at - 1)) at--
  return at
}

/** End of the line of an offset, at most `LONGEST_LINE` away; a line with many offsets of interest is measured once. */
function sharedLineEnd(scan: Scan, from: number): number {
  const { text, line } = scan
  const isEnd = line.to >= text.length || isLineEndAt(text, line.to)
  if (from < line.from || from > line.to || (!isEnd && from + LONGEST_LINE > line.to)) {
    line.from = from
    line.to = lineEnd(text, from, 4 * LONGEST_LINE)
  }
  return Math.min(line.to, from + LONGEST_LINE)
}

/**
 * Records the name of the YARA rule that the word `rule` opens: `rule name {`, `rule name : tag {`.
 *
 * @param wordEnd offset behind `rule`
 * @returns offset behind the name, or -1
 */
export function addYaraRule(scan: Scan, wordEnd: number): number {
  const { text } = scan
  let at = skipSpace(text, wordEnd, 20)
  if (at === wordEnd || ((classAt(text, at) & LETTER) === 0 && text.charCodeAt(at) !== 95)) return -1
  const start = at
  while (at - start < 128 && isIdentifierAt(text, at)) at++
  const end = at
  at = skipSpace(text, at, 60)
  if (text.charCodeAt(at) === 58) {
    // Tags: identifiers separated by white space, up to the body.
    const tagsFrom = at + 1
    at = tagsFrom
    while (at - tagsFrom < 200 && (isIdentifierAt(text, at) || isSpaceAt(text, at))) at++
    if (text.charCodeAt(at) !== 123) return -1
  }
  if (text.charCodeAt(at) !== 123 || !isYaraBody(text, at + 1)) return -1
  scan.add('yara-rule', text.slice(start, end), start, end)
  return end
}

/** The body starts with a section (`meta:`, `strings:`, `condition:`) or a comment. */
function isYaraBody(text: string, from: number): boolean {
  const at = skipSpace(text, from, 200)
  if (at >= text.length) return true
  return /^(?:meta|strings|variables|condition|events|match)\b|^\/[/*]|^\.\.\./.test(text.slice(at, at + 12))
}

function isIdentifierAt(text: string, index: number): boolean {
  return isAlphanumericAt(text, index) || text.charCodeAt(index) === 95
}

function isSpaceAt(text: string, index: number): boolean {
  return isBlankAt(text, index) || (index < text.length && isLineEndAt(text, index))
}

function skipSpace(text: string, from: number, most: number): number {
  let at = from
  while (at - from < most && isSpaceAt(text, at)) at++
  return at
}

/**
 * Records the certificate serial that follows the word `serial`: bytes with colons or spaces, `0x…`, plain hexadecimal, or
 * the hexadecimal form in brackets behind a decimal one.
 *
 * @returns offset behind the last serial, or -1
 */
export function addSerials(scan: Scan, wordEnd: number): number {
  const { text } = scan
  const label = /^s?[ _-]?(?:numbers?|no\.?|nr\.?|#)?s?(?: ?\(hex\))?/i.exec(text.slice(wordEnd, wordEnd + 20))!
  let at = wordEnd + label[0].length
  let last = -1
  const several = /s$/i.test(label[0])
  for (let count = 0; count < (several ? 200 : 1); count++) {
    const from = skipMarkup(text, at, several || count === 0 ? 60 : 12)
    const end = serialEnd(text, from)
    if (end < 0) break
    const written = text.slice(from, end)
    const hex = written
      .replace(/^0x/i, '')
      .replace(/[^0-9a-f]/gi, '')
      .toLowerCase()
    const bracket = /^ ?\(0x([0-9a-f]{8,40})\)/i.exec(text.slice(end, end + 48))
    if (bracket !== null && /^\d+$/.test(written)) {
      const hexFrom = end + bracket[0].indexOf('(') + 1
      scan.add('x509-serial', bracket[1]!.toLowerCase(), hexFrom, hexFrom + 2 + bracket[1]!.length)
      last = end + bracket[0].length
    } else {
      if (hex.length < 16 || hex.length > 42) break
      scan.add('x509-serial', hex, from, end)
      last = end
    }
    at = last
  }
  return last
}

/** Skips white space and the marks of tables, lists and quotes. */
function skipMarkup(text: string, from: number, most: number): number {
  let at = from
  while (at - from < most && at < text.length && !isAlphanumericAt(text, at)) {
    const code = text.charCodeAt(at)
    if (code === 46 || code === 41 || code >= 0x3000) break
    at++
  }
  return at
}

function serialEnd(text: string, from: number): number {
  let at = from
  if (text.charCodeAt(at) === 48 && (text.charCodeAt(at + 1) | 32) === 120) at += 2
  const digitsFrom = at
  while (at - digitsFrom < 43 && isHexAt(text, at)) at++
  if (at - digitsFrom === 2) {
    // Bytes joined by colons, hyphens or single spaces
    const joint = text.charCodeAt(at)
    if (joint === 58 || joint === 32 || joint === 45) {
      while (
        at - digitsFrom < 64 &&
        text.charCodeAt(at) === joint &&
        isHexAt(text, at + 1) &&
        isHexAt(text, at + 2) &&
        !isAlphanumericAt(text, at + 3)
      ) {
        at += 3
      }
    }
  }
  return at - digitsFrom >= 16 && !isAlphanumericAt(text, at) && text.charCodeAt(at) !== 58 ? at : -1
}

/** Words that may stand between `mutex` and its quoted name. */
const LINKING_WORDS = new Set(
  'object objects name names named called is with the of a an value handle created string following as'.split(' '),
)
const NAME_QUOTES: Readonly<Record<string, string>> = { '"': '"', "'": "'", '`': '`', '“': '”', '‘': '’' }
const LONGEST_NAME = 120

/**
 * Records the mutexes that the word `mutex` introduces: a quoted or named one on the same line, or the list below it when
 * the word stands in a heading.
 */
export function addMutexes(scan: Scan, wordStart: number, wordEnd: number): void {
  const { text } = scan
  let at = wordEnd
  let naming = false
  for (let words = 0; words < 8; words++) {
    while (at - wordEnd < 100 && (isBlankAt(text, at) || text[at] === ',' || text[at] === ':' || text[at] === '=')) {
      if (text[at] === ':' || text[at] === '=') naming = true
      at++
    }
    const closer = NAME_QUOTES[text[at] ?? '']
    if (closer !== undefined) {
      const end = nameEnd(text, at + 1, closer)
      if (end > 0) scan.add('mutex', text.slice(at + 1, end).replaceAll('\\\\', '\\'), at + 1, end)
      return
    }
    const from = at
    while (at - from < 24 && (classAt(text, at) & LABEL) !== 0) at++
    const word = text.slice(from, at).toLowerCase()
    if (LINKING_WORDS.has(word)) {
      naming = word === 'named' || word === 'called'
      continue
    }
    if (naming && at > from) {
      addBareName(scan, from)
      return
    }
    break
  }
  if (wordStart >= scan.listedTo && isHeading(text, wordStart, wordEnd))
    addListed(scan, 'mutex', lineEnd(text, wordEnd, 200))
}

function nameEnd(text: string, from: number, closer: string): number {
  for (let at = from; at - from < LONGEST_NAME && !isLineEndAt(text, at); at++) {
    if (text[at] === closer) return at - from >= 3 ? at : -1
  }
  return -1
}

/** A name without quotes: one word that is no word of English (it has a digit, a mark or mixed case). */
function addBareName(scan: Scan, from: number): void {
  const { text } = scan
  let at = from
  while (at - from < LONGEST_NAME && !isLineEndAt(text, at) && !isBlankAt(text, at) && !'"\'`,;<>|'.includes(text[at]!))
    at++
  while (at > from && '.)]'.includes(text[at - 1]!)) at--
  const name = text.slice(from, at)
  if (name.length >= 4 && isTelling(name)) scan.add('mutex', name, from, at)
}

/** `CreateMutexA(…, "name")`: the call's last string. */
export function addMutexCall(scan: Scan, wordEnd: number): void {
  const { text } = scan
  const match = /^\([^"'\n)]{0,80}["']([^"'\n]{3,120})["']/.exec(text.slice(wordEnd, wordEnd + 220))
  if (match === null) return
  const start = wordEnd + match[0].length - 1 - match[1]!.length
  scan.add('mutex', match[1]!.replaceAll('\\\\', '\\'), start, start + match[1]!.length)
}

/** Whether the line of a word is a heading: marked as one, or short and over with the word. */
function isHeading(text: string, wordStart: number, wordEnd: number): boolean {
  const start = lineStart(text, wordStart, 80)
  const first = text.charCodeAt(start)
  if (first === 61 || (first === 35 && text.charCodeAt(start + 1) !== 33)) return true
  if (wordStart - start > 40) return false
  const rest = text.slice(wordEnd, lineEnd(text, wordEnd, 20))
  return /^(?: (?:names?|objects?|strings?|values?))?[ :]*\r?$/i.test(rest)
}

/** Records the items of the list that starts below an offset, one a line, until prose or the next heading. */
function addListed(scan: Scan, type: 'mutex' | 'user-agent', from: number): void {
  const { text } = scan
  let at = from
  let items = 0
  for (let line = 0; line < MOST_LIST_LINES && at < text.length; line++) {
    while (at < text.length && isLineEndAt(text, at)) at++
    const end = lineEnd(text, at, LONGEST_LINE)
    const raw = text.slice(at, end)
    const content = raw.trim()
    if (content === '' || content === '----' || content.startsWith('|===') || content.startsWith('[')) {
      if (content === '----' && items > 0) return
      at = end + 1
      continue
    }
    scan.listedTo = at
    if (/^[=#]/.test(content) || !isLineEndAt(text, end)) return
    const item = content.replace(/^(?:[*•·–-]{1,4}|\d{1,3}[.)])[ \t]*/, '')
    const quoted = item.length > 2 && item.startsWith('`') && item.endsWith('`')
    const name = (quoted ? item.slice(1, -1) : item).replace(/^\+{1,2}/, '').replace(/\+{1,2}$/, '')
    if (name.length < 3 || name.includes('`') || (!quoted && !isTelling(name))) return
    if (!quoted && type === 'user-agent') return
    if (name.includes('{') && type === 'user-agent') return
    const start = at + raw.indexOf(name)
    scan.add(type, name, start, start + name.length)
    items++
    at = end + 1
    scan.listedTo = at
  }
}

/** A name that is no word: without spaces, with a digit, a mark or a capital inside. */
function isTelling(name: string): boolean {
  return !/\s/.test(name) && (/[0-9_{~\\-]/.test(name) || /[a-z][A-Z]/.test(name))
}

/** `Mozilla/5.0 (…) …`: product tokens and comments up to the first word that is neither (RFC 9110 section 10.1.5). */
export function addMozillaAgent(scan: Scan, start: number): number {
  const { text } = scan
  const stop = sharedLineEnd(scan, start)
  const quote = text[start - 1]
  if (quote === '"' || quote === '`' || quote === "'" || quote === '“') {
    const closer = quote === '“' ? '”' : quote
    let close = start
    while (close < stop && text[close] !== closer) close++
    if (close > start + 8 && close < stop) {
      scan.add('user-agent', text.slice(start, close), start, close)
      return close
    }
  }
  let at = start
  let end = start
  let comments = 0
  while (at < stop) {
    if (text[at] === '(') {
      if (at < scan.openTo) break
      let depth = 0
      let close = at
      for (; close < stop; close++) {
        if (text[close] === '(') depth++
        else if (text[close] === ')' && --depth === 0) break
      }
      if (close === stop) {
        scan.openTo = stop
        break
      }
      comments++
      at = close + 1
    } else {
      let word = at
      while (word < stop && !isBlankAt(text, word) && !'()"\'`|<>\\'.includes(text[word]!)) word++
      const token = text.slice(at, word)
      const isProduct = /^[A-Za-z][\w.+-]*\/[\w.+-]+[,;]?$/.test(token)
      const isGecko = (token === 'like' && text.startsWith('like Gecko', at)) || /^Gecko[,.;]?$/.test(token)
      if (word === at || (!isProduct && !isGecko)) break
      at = word
    }
    end = at
    while (at < stop && isBlankAt(text, at)) at++
  }
  while (end > start && '.,;'.includes(text[end - 1]!)) end--
  if (comments === 0 && end - start < 15) return -1
  scan.add('user-agent', text.slice(start, end), start, end)
  return end
}

/**
 * Records the value of a `User-Agent` header whose name ends at an offset, or the list below a heading with that name.
 *
 * @returns offset behind the value, or -1
 */
export function addHeaderAgent(scan: Scan, wordStart: number, wordEnd: number): number {
  const { text } = scan
  const label = /^["'`*]{0,3}[ \t]{0,2}[:=][ \t]{0,3}(["'`“]?)/.exec(text.slice(wordEnd, wordEnd + 12))
  if (label === null) {
    if (wordStart >= scan.listedTo && isHeading(text, wordStart, wordEnd))
      addListed(scan, 'user-agent', lineEnd(text, wordEnd, 200))
    return -1
  }
  const from = wordEnd + label[0].length
  const quote = label[1]!
  if (quote === '' && text.startsWith('Mozilla/', from)) return addMozillaAgent(scan, from)
  if (from < scan.proseTo) return -1
  const stop = sharedLineEnd(scan, from)
  let end = stop
  const closer = quote === '“' ? '”' : quote
  for (let at = from; at < stop; at++) {
    const character = text[at]!
    if (character === closer || character === '`' || character === '|' || (character === '"' && quote === '')) {
      end = at
      break
    }
    if (character === '\\' && (text[at + 1] === 'r' || text[at + 1] === 'n')) {
      end = at
      break
    }
  }
  while (end > from && (isBlankAt(text, end - 1) || ',;'.includes(text[end - 1]!))) end--
  const value = text.slice(from, end)
  const words = value.split(' ').length
  // Unquoted prose about the header
  if (value.length < 3) return -1
  if (quote === '' && words > 2 && !value.includes('/')) {
    scan.proseTo = end
    return -1
  }
  if ((classAt(text, from) & LABEL) === 0 || /^(?:null|none|nil|true|false|undefined|string|n\/a)$/i.test(value))
    return -1
  scan.add('user-agent', value, from, end)
  return end
}
