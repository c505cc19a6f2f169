import { isAlphanumericAt, isBlankAt, isLineEndAt } from './characters.ts'

/** What the text around a mention says about it: the section it stands in, its place on the line, the words near it. */

export const SECTION_NETWORK = 1
export const SECTION_INDICATORS = 2
export const SECTION_FILES = 4
export const SECTION_KEYS = 8
export const SECTION_REFERENCES = 16
export const SECTION_CERTIFICATES = 32
export const SECTION_TECHNIQUES = 64

const NETWORK_WORDS =
  /\b(?:network|domains?|ips?|ipv[46]|address(?:es)?|urls?|uris?|servers?|infrastructure|hosts?|hostnames?|c2s?|c&c|cnc|c2c|command[- ](?:and|&)[- ]control|onion|websites?|fqdns?|dns|e-?mails?|senders?|proxies|phishing pages?)\b/
const INDICATOR_WORDS = /\b(?:indicators?|iocs?|observables?|artifacts?|compromise)\b/
const FILE_WORDS =
  /\b(?:files?|filenames?|samples?|hash(?:es)?|paths?|folders?|director(?:y|ies)|executables?|scripts?|sha-?1|sha-?256|md5)\b/
const KEY_WORDS =
  /\b(?:(?:cryptographic|encryption|decryption|cipher|xor|aes|rsa|rc4|rc5|rc6|des|chacha20|salsa20|blowfish|private|public|session|hardcoded)(?: \w+)? keys?|key material|keys? \d+|signing keys?)\b/
const REFERENCE_WORDS =
  /^(?:\d+(?:\.\d+)*\.? +)?(?:references?|further reading|related (?:reading|posts?|articles?|research|links?|content)|sources?|bibliography|footnotes?|endnotes?|acknowledge?ments?|credits?|(?:additional |more |other )?(?:resources|links|information|reading)|contact(?: us| information)?|about (?:us|the authors?|.{0,24})|see also|works cited|feedback|disclaimer)\b/
const CERTIFICATE_WORDS = /\b(?:certificates?|code[- ]signing|x\.?509|thumbprints?|serial numbers?)\b/
const TECHNIQUE_WORDS = /\b(?:att&ck|mitre|tactics?|techniques?|ttps?)\b/
/** Headings of narrative sections end what a heading of indicators began. */
const PROSE_WORDS =
  /^(?:\d+(?:\.\d+)*\.? +)?(?:conclusions?|summary|executive summary|introduction|overview|background|mitigations?|recommendations?|remediation|detection|analysis|technical (?:analysis|details)|attribution|victimology|timeline|key (?:takeaways|findings)|initial access|execution|persistence|lateral movement|exfiltration|impact|discovery|credential access|privilege escalation|defense evasion|collection|protection|hunting|yara|sigma)\b/

interface Heading {
  offset: number
  kinds: number
}

const LONGEST_HEADING = 90
/** Level of a plain line that reads like a heading: below every marked heading that contains it. */
const PLAIN_LEVEL = 50
/** Level of an AsciiDoc block title. */
const TITLE_LEVEL = 60

/**
 * Finds the headings of a text and what kind of section each opens.
 *
 * Marked headings (`== Title`, `## Title`) nest by their level; a section whose own heading says nothing has the kind of the
 * section around it. Plain lines count when they are short and made of the words of a known kind.
 */
export function findSections(text: string): Heading[] {
  const headings: Heading[] = []
  // Where headings are marked, a plain line is none.
  const isMarked = /(?:^|\n)(?:={1,6}|#{1,6}) \S/.test(text)
  const stack: { level: number; kinds: number }[] = []
  for (let from = 0; from < text.length; ) {
    let to = text.indexOf('\n', from)
    if (to < 0) to = text.length
    if (to - from <= LONGEST_HEADING && to > from) {
      const level = headingLevel(text, from, to)
      if (level > 0 && !(isMarked && level === PLAIN_LEVEL)) {
        const title = text
          .slice(from, to)
          .replace(/^[=#.\s]+/, '')
          .trim()
          .toLowerCase()
        const own = kindsOf(title)
        if (level < PLAIN_LEVEL || level === TITLE_LEVEL || own !== 0 || PROSE_WORDS.test(title)) {
          while (stack.length > 0 && stack[stack.length - 1]!.level >= level) stack.pop()
          const parent = stack.length > 0 ? stack[stack.length - 1]!.kinds : 0
          let kinds = own
          if (own === 0) kinds = level === PLAIN_LEVEL ? 0 : parent
          else if ((own & SECTION_REFERENCES) === 0) kinds |= parent & SECTION_INDICATORS
          stack.push({ level, kinds })
          headings.push({ offset: from, kinds })
        }
      }
    }
    from = to + 1
  }
  return headings
}

function headingLevel(text: string, from: number, to: number): number {
  const first = text.charCodeAt(from)
  if (first === 61 || first === 35) {
    let level = 1
    while (text.charCodeAt(from + level) === first) level++
    const next = text.charCodeAt(from + level)
    return level <= 6 && next === 32 && from + level + 1 < to ? level : 0
  }
  if (first === 46) {
    // `.Title` above a block, but not `.env` or `...`
    const next = text.charCodeAt(from + 1)
    return next >= 65 && next <= 90 ? TITLE_LEVEL : 0
  }
  // A plain heading: capital or number first, no sentence at its end, at most eight words.
  const isCapital = first >= 65 && first <= 90
  const isNumber = first >= 48 && first <= 57
  if ((!isCapital && !isNumber) || to - from > 64 || to - from < 3) return 0
  let end = to
  while (end > from && (isBlankAt(text, end - 1) || text.charCodeAt(end - 1) === 13)) end--
  const last = text.charCodeAt(end - 1)
  if (last === 46 || last === 44 || last === 59 || last === 34 || last === 96) return 0
  let spaces = 0
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === 32) spaces++
    else if (code === 124 || code === 96 || code === 92 || code === 64 || code === 91 || code === 61) return 0
    else if (code >= 48 && code <= 57 && at - from > 4 && isCapital && spaces === 0) return 0
  }
  return spaces <= 7 ? PLAIN_LEVEL : 0
}

const CACHE_LIMIT = 2000
const kindsByTitle = new Map<string, number>()

/** Kinds that the words of a heading name; reports share their headings, so answers are kept. */
function kindsOf(title: string): number {
  let kinds = kindsByTitle.get(title)
  if (kinds === undefined) {
    kinds = readKinds(title)
    if (kindsByTitle.size > CACHE_LIMIT) kindsByTitle.clear()
    kindsByTitle.set(title, kinds)
  }
  return kinds
}

function readKinds(title: string): number {
  if (REFERENCE_WORDS.test(title)) return SECTION_REFERENCES
  let kinds = 0
  if (KEY_WORDS.test(title)) return SECTION_KEYS
  if (TECHNIQUE_WORDS.test(title)) return SECTION_TECHNIQUES
  if (NETWORK_WORDS.test(title)) kinds |= SECTION_NETWORK
  if (INDICATOR_WORDS.test(title)) kinds |= SECTION_INDICATORS
  if (FILE_WORDS.test(title)) kinds |= SECTION_FILES
  if (CERTIFICATE_WORDS.test(title)) kinds |= SECTION_CERTIFICATES
  return kinds
}

const LINE_BLOCK = 256

/** Answers questions about places in one text; offsets must not decrease much, for speed only. */
export class Context {
  readonly text: string
  #headings: Heading[] | null = null
  #cursor = 0
  #line = ''
  #lineFrom = 0
  #lineTo = 0

  constructor(text: string) {
    this.text = text
  }

  /** Kinds of the section that an offset lies in, as bits of the `SECTION_…` constants. */
  sectionAt(offset: number): number {
    this.#headings ??= findSections(this.text)
    const headings = this.#headings
    if (this.#cursor >= headings.length || (headings.length > 0 && headings[this.#cursor]!.offset > offset))
      this.#cursor = 0
    while (this.#cursor + 1 < headings.length && headings[this.#cursor + 1]!.offset <= offset) this.#cursor++
    const heading = headings[this.#cursor]
    return heading === undefined || heading.offset > offset ? 0 : heading.kinds
  }

  /**
   * Whether a span is an item by itself: alone on its line, in a table cell, in a list, or quoted as code.
   *
   * @param countCode whether a quotation as code is enough
   */
  isItem(start: number, end: number, countCode = true): boolean {
    const { text } = this
    let before = start - 1
    while (before >= 0 && start - before < 12 && isDecoration(text.charCodeAt(before))) before--
    let after = end
    while (after < text.length && after - end < 12 && isDecoration(text.charCodeAt(after))) after++
    if (countCode && isCodeQuote(text, start - 1, before) && isCodeQuote(text, after - 1, end - 1)) return true
    if (!isItemStart(text, before) || (isLineEndAt(text, before) && endsProse(text, before))) return false
    const code = text.charCodeAt(after)
    // What may follow an item: nothing, a cell, a further item, a remark.
    return isLineEndAt(text, after) || code === 124 || code === 44 || code === 40 || code === 45 || code === 0x2013
  }

  /** Whether a word, a colon or an opening mark that belongs to words stands just before an offset. */
  followsWords(offset: number): boolean {
    const { text } = this
    for (let at = offset - 1; at >= 0 && offset - at <= 6; at--) {
      const code = text.charCodeAt(at)
      if (code === 58 || code === 61 || isAlphanumericAt(text, at)) return true
      if (code === 44 || code === 59 || code === 124 || code === 96) return false
    }
    return false
  }

  /** Whether a code quote stands directly before and after a span. */
  isQuotedAsCode(start: number, end: number): boolean {
    return this.text.charCodeAt(start - 1) === 96 && this.text.charCodeAt(end) === 96
  }

  /** Lower-case text of the same paragraph before an offset, at most `most` characters. */
  before(offset: number, most: number): string {
    const text = this.text.slice(Math.max(0, offset - most), offset)
    const gap = Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\n\r\n'))
    return (gap < 0 ? text : text.slice(gap + 2)).toLowerCase()
  }

  /**
   * Lower-case text of the line around an offset. Of a long line only the blocks next to the offset are taken, and the last
   * answer is kept, so that a line full of mentions is read once.
   */
  line(offset: number): string {
    const { text } = this
    if (offset >= this.#lineFrom && offset < this.#lineTo) return this.#line
    const block = offset - (offset % LINE_BLOCK)
    let from = offset
    while (from > block - LINE_BLOCK / 2 && !isLineEndAt(text, from - 1)) from--
    let to = offset
    while (to < block + LINE_BLOCK * 1.5 && !isLineEndAt(text, to)) to++
    this.#lineFrom = Math.max(from, block)
    this.#lineTo = Math.min(to, block + LINE_BLOCK)
    this.#line = text.slice(from, to).toLowerCase()
    return this.#line
  }
}

/** Whether the line that ends at an offset is running text that goes on below: words in small letters, no end. */
function endsProse(text: string, lineEnd: number): boolean {
  let end = lineEnd
  if (text.charCodeAt(end - 1) === 13) end--
  let from = end
  while (end - from < 200 && !isLineEndAt(text, from - 1)) from--
  const line = text.slice(from, end).trim()
  return /[a-z,:]$/.test(line) && /^[^|=*\-`]/.test(line) && (line.match(/ [a-z]+/g)?.length ?? 0) >= 3
}

/** Space, emphasis, quotes and brackets between an item and the edge of its cell. */
function isDecoration(code: number): boolean {
  return (
    code === 32 ||
    code === 9 ||
    code === 96 ||
    code === 42 ||
    code === 43 ||
    code === 95 ||
    code === 34 ||
    code === 39 ||
    code === 0x201c ||
    code === 0x201d ||
    code === 0x2018 ||
    code === 0x2019 ||
    code === 0xa0
  )
}

function isCodeQuote(text: string, from: number, to: number): boolean {
  for (let at = from; at > to && at >= 0; at--) if (text.charCodeAt(at) === 96) return true
  return false
}

/** Whether an offset is the edge of a line, a cell, or a bullet behind one. */
function isItemStart(text: string, index: number): boolean {
  if (isLineEndAt(text, index)) return true
  const code = text.charCodeAt(index)
  if (code === 124) return true
  const isBullet = code === 45 || code === 0x2022 || code === 0x2013 || code === 0xb7 || code === 46 || code === 41
  if (!isBullet) return false
  let at = index - 1
  while (
    index - at < 8 &&
    (isBlankAt(text, at) || (text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) || text.charCodeAt(at) === code)
  )
    at--
  return isLineEndAt(text, at)
}
