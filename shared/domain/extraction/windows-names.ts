import { classAt, isLineEndAt, LABEL } from './characters.ts'
import { ENDING_EXTENSIONS, SMALL_WORDS } from './data/paths.ts'
import type { Scan } from './scan.ts'

/** Where a Windows path or registry key ends: names with spaces, quotes, placeholders, escaped backslashes. */

/** How far ahead the end of a name with spaces in it is looked for. */
const LONGEST_SPACED_NAME = 60
/** Longest path that is kept (Windows allows 32,767; reports don't print those). */
export const LONGEST_PATH = 1024
/** How far the delimiter that closes a quoted path is looked for. */
const LONGEST_QUOTED = 260

/** Characters that end a Windows path wherever they stand. */
const STOPS = new Uint8Array(128)
for (let code = 0; code < 32; code++) STOPS[code] = 1
for (const character of '"<>|:;,?`=\u007f') STOPS[character.charCodeAt(0)] = 1

const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '[': ']',
  '“': '”',
  '‘': '’',
  '«': '»',
}

/** Offset of the delimiter that closes what opened before `start`, on the same line; -1 without one. */
function quoteEnd(scan: Scan, start: number, from: number): number {
  const { text, unclosed } = scan
  let before = start - 1
  // Pass-through and emphasis marks between the quote and the path
  while (before >= 0 && start - before < 4 && (text[before] === '+' || text[before] === '*')) before--
  const closer = QUOTES[text[before] ?? '']
  if (closer === undefined) return -1
  const isKnown = unclosed.closer === closer && from >= unclosed.from && from < unclosed.to
  let at = isKnown ? unclosed.to : from
  while (at < text.length && at - from < LONGEST_QUOTED && text[at] !== closer && !isLineEndAt(text, at)) at++
  if (text[at] === closer) return at
  unclosed.closer = closer
  if (!isKnown) unclosed.from = from
  unclosed.to = at
  return -1
}

/**
 * End of the Windows path whose body starts at an offset (behind `C:\`, `%TEMP%\`, a hive, …).
 *
 * A space is part of it when the path is quoted, when another backslash follows within the same name (`Program
 * Files\`), or when the name ends in a file extension within three words (`Usermode COM Manager.exe`).
 */
export function windowsPathEnd(scan: Scan, start: number, from: number, isKey: boolean): number {
  const { text } = scan
  const quote = quoteEnd(scan, start, from)
  let at = from
  let nameFrom = from
  for (; at < text.length && at - start < LONGEST_PATH; at++) {
    if (at === quote) break
    const code = text.charCodeAt(at)
    if (code === 92) {
      nameFrom = at + 1
      continue
    }
    if (code === 32 || code === 0xa0) {
      if (!isKey && endsInExtension(text, nameFrom, at)) break
      if (quote > at || nameGoesOn(text, at, isKey)) continue
      break
    }
    if (code < 128) {
      if (code === 60) {
        const close = placeholderEnd(text, at)
        if (close < 0) break
        at = close - 1
        continue
      }
      if (STOPS[code] === 1) {
        // A comma or semicolon inside a name, as in `a,b.dll`
        if ((code === 44 || code === 61) && quote > at) continue
        break
      }
      if ((code === 41 || code === 93 || code === 125) && !hasOpener(text, nameFrom, at, code)) break
      if (code === 39 && (quote < 0 || at + 1 >= text.length)) break
    } else if (code === 0x2019 || code === 0x201d || code === 0x2028 || code === 0x2026 || code === 0xbb) break
  }
  return trimPath(text, from, at)
}

/** `<user>` and the like inside a path. */
function placeholderEnd(text: string, index: number): number {
  let at = index + 1
  while (at - index < 24 && ((classAt(text, at) & LABEL) !== 0 || text.charCodeAt(at) === 32)) at++
  return text.charCodeAt(at) === 62 && at > index + 1 ? at + 1 : -1
}

function hasOpener(text: string, from: number, at: number, closer: number): boolean {
  const opener = closer === 41 ? 40 : closer - 2
  let depth = 0
  for (let i = Math.max(from, at - 64); i < at; i++) {
    const code = text.charCodeAt(i)
    if (code === opener) depth++
    else if (code === closer) depth--
  }
  return depth > 0
}

function endsInExtension(text: string, from: number, to: number): boolean {
  for (let dot = to - 1; dot > from && to - dot <= 8; dot--) {
    if (text.charCodeAt(dot) === 46) return ENDING_EXTENSIONS.has(text.slice(dot + 1, to).toLowerCase())
  }
  return false
}

/** Whether the words behind a space still belong to the name under way. */
function nameGoesOn(text: string, space: number, isKey: boolean): boolean {
  let words = 0
  let wordFrom = space + 1
  for (let at = space + 1; at <= text.length && at - space < LONGEST_SPACED_NAME; at++) {
    const code = at === text.length ? 10 : text.charCodeAt(at)
    if (code === 92) return at > wordFrom && words <= 4
    const isStop = code < 128 ? STOPS[code] === 1 || code === 37 || code === 47 || code === 91 : false
    if (code === 32 || isStop || code === 39 || code === 93) {
      if (at === wordFrom) return false
      const word = text.slice(wordFrom, at)
      if (SMALL_WORDS.has(word)) return false
      if (!isKey && words < 3 && endsInExtension(text, wordFrom, at)) return true
      if (code !== 32) return false
      words++
      wordFrom = at + 1
    }
  }
  return false
}

function trimPath(text: string, from: number, to: number): number {
  let end = to
  while (end > from) {
    const code = text.charCodeAt(end - 1)
    const isTrailing =
      code === 32 || code === 46 || code === 44 || code === 43 || code === 42 || code === 33 || code === 0xa0
    if (!isTrailing) break
    end--
  }
  return end
}

/** Backslashes doubled by the escaping of a string literal, written once. */
export function unescapePath(value: string): string {
  return value.includes('\\\\') ? value.replace(/\\{2,}/g, '\\') : value
}
