import { isAlphanumericAt, WIDE, WIDE_DOT, WIDE_IGNORED, WIDE_UNSPACED } from './characters.ts'
import { bracketTokenAt } from './defang.ts'

/** Characters that no writer leaves inside a URL. */
const STOPS = new Uint8Array(128)
for (let code = 0; code <= 32; code++) STOPS[code] = 1
for (const character of '"<>`|^\\{}\'\u007f') STOPS[character.charCodeAt(0)] = 1

function isWideStop(code: number): boolean {
  if (code <= 0xa0) return true
  if (code === 0xab || code === 0xbb) return true
  // Spaces, dashes, quotation marks, bullets, the ellipsis, line separators.
  if (code >= 0x2000 && code <= 0x206f)
    return !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2060 && code <= 0x2064)
  // CJK punctuation, full-width ASCII, surrogates, arrows and symbols.
  if (code >= 0x3000 && code <= 0x3020) return true
  if (code >= 0xff00 && code <= 0xff65) return true
  if (code >= 0xd800 && code <= 0xf8ff) return true
  if (code >= 0x2190 && code <= 0x2bff) return true
  return WIDE[code] === WIDE_UNSPACED || WIDE[code] === WIDE_DOT
}

/**
 * Finds where the part of a URL behind its host ends.
 *
 * @param text whole text
 * @param from offset of its first character (`/`, `?`, `#` or a defanged slash)
 * @param start offset of the URL's first character; markup before it is expected after it as well
 * @returns exclusive end, without the punctuation of the sentence around it
 */
export function tailEnd(text: string, from: number, start: number): number {
  let at = from
  let depth = 0
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 128) {
      if (isWideStop(code)) break
      continue
    }
    if (code === 91 || code === 123) {
      const token = bracketTokenAt(text, at)
      if (token !== null) {
        at = token.end - 1
        continue
      }
      if (code === 123) break
      const closed = fieldEnd(text, at)
      if (closed < 0) break
      at = closed - 1
      continue
    }
    // The slash of a JSON or JavaScript string, `\/`
    if (code === 92 && text.charCodeAt(at + 1) === 47) {
      at++
      continue
    }
    if (STOPS[code] === 1 || code === 93) break
    if (code === 40) {
      const token = bracketTokenAt(text, at)
      if (token !== null) at = token.end - 1
      else depth++
    } else if (code === 41) {
      if (depth === 0) break
      depth--
    } else if ((code === 44 || code === 59) && startsUrl(text, at + 1)) break
  }
  return trimTail(text, from, at, start)
}

/** `a[]=1` and `a[key]=1` of query strings; any other square bracket is the document's markup. */
function fieldEnd(text: string, index: number): number {
  let at = index + 1
  while (at - index < 40 && isAlphanumericAt(text, at)) at++
  if (text.charCodeAt(at) !== 93) return -1
  const next = text.charCodeAt(at + 1)
  return next === 61 || next === 91 || (next === 38 && at > index) ? at + 1 : -1
}

function startsUrl(text: string, index: number): boolean {
  const head = text.slice(index, index + 5).toLowerCase()
  return head.startsWith('http') || head.startsWith('hxxp') || head.startsWith('ftp:')
}

const BROKEN_DOT = /[[({] ?(?:\.|dot) ?[\])}]$/i

function trimTail(text: string, from: number, to: number, start: number): number {
  const before = text.charCodeAt(start - 1)
  let end = to
  while (end > from) {
    const code = text.charCodeAt(end - 1)
    // . , ; : ! ? always; emphasis and pass-through marks (* _ ~ +) when they open before the URL as well
    const sentence = code === 46 || code === 44 || code === 59 || code === 58 || code === 33 || code === 63
    const markup = (code === 42 || code === 95 || code === 126 || code === 43) && (before === code || code === 42)
    const opener = code === 91 || code === 40 || code === 123
    if (sentence || markup || opener || WIDE[code] === WIDE_IGNORED) end--
    else {
      // A broken dot at the end is the sentence's too.
      const broken = BROKEN_DOT.exec(text.slice(Math.max(from, end - 7), end))
      if (broken === null) break
      end -= broken[0].length
    }
  }
  return end
}
