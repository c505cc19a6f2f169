/** Character classes of the scanner. One table look-up per ASCII character decides whether a run goes on. */

export const DIGIT = 1
export const HEX_LETTER = 2
export const OTHER_LETTER = 4
export const HYPHEN = 8
export const UNDERSCORE = 16
/** What a host label or any other "word" of the scanner is made of. */
export const LABEL = DIGIT | HEX_LETTER | OTHER_LETTER | HYPHEN | UNDERSCORE
export const ALPHANUMERIC = DIGIT | HEX_LETTER | OTHER_LETTER
export const LETTER = HEX_LETTER | OTHER_LETTER
/** Opens something (a path, an address) where no word precedes it. */
export const OPENER = 32
/** After a word: may make it part of something larger (host, URL, address, path). */
export const JOINER = 64

/** Marks of a label beyond the ASCII classes. */
export const WIDE_LETTER = 256
export const UNSPACED_LETTER = 512
export const IGNORED = 1024
/** A typographic hyphen (U+2010, U+2011), which word processors put in the place of the ASCII one. */
export const WIDE_HYPHEN_MARK = 2048

/** Class bits of each ASCII code. */
export const CLASS = new Uint8Array(128)

function mark(characters: string, bits: number): void {
  for (let i = 0; i < characters.length; i++) CLASS[characters.charCodeAt(i)]! |= bits
}
mark('0123456789', DIGIT)
mark('abcdefABCDEF', HEX_LETTER)
mark('ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ', OTHER_LETTER)
mark('-', HYPHEN)
mark('_', UNDERSCORE)
mark('%\\/$~:[', OPENER)
mark('.[({<:@\\/', JOINER)

export const NOT_WIDE = 0
/** A letter of a script that is written with spaces; it joins ASCII letters in one label. */
export const WIDE_SPACED = 1
/** A letter of a script without spaces between words; a change to or from ASCII ends the word. */
export const WIDE_UNSPACED = 2
/** Zero-width and soft characters that text carries invisibly. */
export const WIDE_IGNORED = 3
/** Characters that IDNA and obfuscators use for the dot. */
export const WIDE_DOT = 4
/** Hyphens that stand for the ASCII one inside a word. */
export const WIDE_HYPHEN = 5

/** Class of each UTF-16 code unit beyond ASCII (indexed by the unit itself). */
export const WIDE = new Uint8Array(65536)

const SPACED_RANGES: readonly (readonly [number, number])[] = [
  [0xaa, 0xaa],
  [0xb5, 0xb5],
  [0xba, 0xba],
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x2af],
  [0x300, 0x36f],
  [0x370, 0x373],
  [0x376, 0x377],
  [0x37b, 0x37d],
  [0x386, 0x386],
  [0x388, 0x3ff],
  [0x400, 0x52f],
  [0x531, 0x556],
  [0x561, 0x587],
  [0x5d0, 0x5ea],
  [0x620, 0x64a],
  [0x660, 0x669],
  [0x66e, 0x6d3],
  [0x900, 0xdff],
  [0x10a0, 0x10ff],
  [0x1e00, 0x1fff],
  [0xff10, 0xff19],
  [0xff21, 0xff3a],
  [0xff41, 0xff5a],
]
const UNSPACED_RANGES: readonly (readonly [number, number])[] = [
  [0xe01, 0xe4e],
  [0xe80, 0xedf],
  [0x1000, 0x109f],
  [0x1780, 0x17b3],
  [0x3005, 0x3007],
  [0x3041, 0x3096],
  [0x30a1, 0x30fa],
  [0x30fc, 0x30ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
]
const IGNORED_CODES: readonly number[] = [
  0xad, 0x34f, 0x61c, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060,
  0x2061, 0x2062, 0x2063, 0x2064, 0xfe0e, 0xfe0f, 0xfeff,
]
const DOT_CODES: readonly number[] = [0x2024, 0x3002, 0xff0e, 0xff61]

for (const [from, to] of SPACED_RANGES) WIDE.fill(WIDE_SPACED, from, to + 1)
for (const [from, to] of UNSPACED_RANGES) WIDE.fill(WIDE_UNSPACED, from, to + 1)
for (const code of IGNORED_CODES) WIDE[code] = WIDE_IGNORED
for (const code of DOT_CODES) WIDE[code] = WIDE_DOT
WIDE[0x2010] = WIDE_HYPHEN
WIDE[0x2011] = WIDE_HYPHEN

/** Class bits of the UTF-16 unit at an index, 0 beyond ASCII and outside the text. */
export function classAt(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code < 128 ? CLASS[code]! : 0
}

/** Whether the UTF-16 unit at an index can be part of a label. */
export function isLabelAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  if (code < 128) return (CLASS[code]! & LABEL) !== 0
  const wide = WIDE[code]
  return wide === WIDE_SPACED || wide === WIDE_UNSPACED || wide === WIDE_HYPHEN
}

/** Whether the UTF-16 unit at an index is an ASCII letter or digit. */
export function isAlphanumericAt(text: string, index: number): boolean {
  return (classAt(text, index) & ALPHANUMERIC) !== 0
}

export function isDigitAt(text: string, index: number): boolean {
  return (classAt(text, index) & DIGIT) !== 0
}

export function isHexAt(text: string, index: number): boolean {
  return (classAt(text, index) & (DIGIT | HEX_LETTER)) !== 0
}

/** Space, tab or no-break space: white space that stays on the line. */
export function isBlankAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return code === 32 || code === 9 || code === 0xa0
}

/** End of line or end of text (also before its start). */
export function isLineEndAt(text: string, index: number): boolean {
  if (index < 0 || index >= text.length) return true
  const code = text.charCodeAt(index)
  return code === 10 || code === 13 || code === 0x2028 || code === 0x2029
}

/** Removes the characters that are carried invisibly and writes typographic hyphens as ASCII ones. */
export function withoutIgnored(value: string): string {
  let out = ''
  let from = 0
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    const wide = code < 128 ? NOT_WIDE : WIDE[code]
    if (wide !== WIDE_IGNORED && wide !== WIDE_HYPHEN) continue
    out += value.slice(from, i) + (wide === WIDE_HYPHEN ? '-' : '')
    from = i + 1
  }
  return from === 0 ? value : out + value.slice(from)
}
