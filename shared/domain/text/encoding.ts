/** Text decoded from bytes. */
export interface DecodedText {
  /** Without a byte order mark, so that offset 0 is the first character that a reader sees. */
  text: string
  /** WHATWG name of the encoding, e.g. "utf-8", "utf-16le", "windows-1252". */
  encoding: string
}

/** How bytes are to be decoded. */
export interface EncodingGuess {
  encoding: string
  /** Length of the byte order mark at the start, 0 when there is none. */
  markBytes: number
}

// More control characters than this share of the bytes is no text. Random bytes hold about 10 %.
const CONTROL_SHARE = 0.02
const SAMPLE_BYTES = 4096

/**
 * Guesses the character encoding of `bytes`: byte order mark, then UTF-16 by its zero bytes, then UTF-8 by its grammar,
 * then the declared label, then Windows-1252 (which the web uses for Latin-1 too).
 *
 * UTF-8 goes before a declared label because text in another encoding is hardly ever valid UTF-8 by accident, while
 * wrong labels are common. A stateful seven-bit label (ISO-2022-JP) is the exception.
 *
 * @param bytes the whole file, or its head when `complete` is false (a character cut at the end is then no error)
 * @param declared label from a MIME type or an HTML meta element, any case; unknown labels are ignored
 * @returns null when no encoding makes text of the bytes
 */
export function guessEncoding(bytes: Uint8Array, declared?: string | null, complete = true): EncodingGuess | null {
  const mark = byteOrderMark(bytes)
  if (mark === 'utf-32') return null
  if (mark) return mark
  const wide = unmarkedUtf16(bytes)
  if (wide) return { encoding: wide, markBytes: 0 }
  if (controlShare(bytes) > CONTROL_SHARE) return null
  const label = knownLabel(declared)
  if (label === 'iso-2022-jp') return { encoding: label, markBytes: 0 }
  const { multiByte, invalid } = countUtf8(bytes, complete)
  // A few broken bytes in a text that is otherwise rich in UTF-8 sequences are damage, not another encoding.
  if (invalid === 0 || multiByte > invalid * 4) return { encoding: 'utf-8', markBytes: 0 }
  if (label && label !== 'utf-8' && !label.startsWith('utf-16')) return { encoding: label, markBytes: 0 }
  return { encoding: 'windows-1252', markBytes: 0 }
}

/**
 * Decodes a text file.
 *
 * A byte order mark is removed; nothing else is, so offsets into the result are offsets into the file's text as an
 * editor shows it. Broken sequences become U+FFFD.
 *
 * @returns null when the bytes are no text
 */
export function decodeText(bytes: Uint8Array, declared?: string | null): DecodedText | null {
  const guess = guessEncoding(bytes, declared)
  if (!guess) return null
  const decoder = new TextDecoder(guess.encoding, { ignoreBOM: true })
  return { text: decoder.decode(bytes.subarray(guess.markBytes)), encoding: guess.encoding }
}

/**
 * Replaces lone surrogates and NUL, which neither UTF-8 nor PostgreSQL can hold, by U+FFFD; the length stays.
 *
 * @param text any string
 */
export function storableText(text: string): string {
  const wellFormed = text.toWellFormed()
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed
}

/** Canonical WHATWG name of an encoding label, or null when it is missing or unknown. */
export function knownLabel(label: string | null | undefined): string | null {
  if (!label) return null
  try {
    return new TextDecoder(label.trim()).encoding
  } catch {
    return null
  }
}

function byteOrderMark(bytes: Uint8Array): EncodingGuess | 'utf-32' | null {
  const [a, b, c, d] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf-8', markBytes: 3 }
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32' : { encoding: 'utf-16le', markBytes: 2 }
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', markBytes: 2 }
  return null
}

/** UTF-16 of mostly Latin text has a zero in nearly every second byte, and always on the same side. */
function unmarkedUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const length = Math.min(bytes.length, SAMPLE_BYTES) & ~1
  if (length < 4) return null
  let even = 0
  let odd = 0
  for (let i = 0; i < length; i += 2) {
    if (bytes[i] === 0) even++
    if (bytes[i + 1] === 0) odd++
  }
  const units = length / 2
  if (odd > units * 0.5 && even <= units * 0.01) return 'utf-16le'
  if (even > units * 0.5 && odd <= units * 0.01) return 'utf-16be'
  return null
}

function controlShare(bytes: Uint8Array): number {
  let controls = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    // Tab to carriage return, backspace and escape (terminal logs) do occur in text.
    if (byte < 0x20 ? !((byte >= 0x08 && byte <= 0x0d) || byte === 0x1b) : byte === 0x7f) controls++
  }
  return bytes.length === 0 ? 0 : controls / bytes.length
}

/** Counts well-formed multi-byte sequences and bytes that fit none (Unicode 16, table 3-7). */
function countUtf8(bytes: Uint8Array, complete: boolean): { multiByte: number; invalid: number } {
  let multiByte = 0
  let invalid = 0
  let i = 0
  while (i < bytes.length) {
    const lead = bytes[i]!
    if (lead < 0x80) {
      i++
      continue
    }
    const length =
      lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
    if (length > 0 && !complete && i + length > bytes.length) break
    if (length > 0 && continues(bytes, i, length)) {
      multiByte++
      i += length
    } else {
      invalid++
      i++
    }
  }
  return { multiByte, invalid }
}

function continues(bytes: Uint8Array, start: number, length: number): boolean {
  const lead = bytes[start]!
  const second = bytes[start + 1] ?? 0
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return false
  for (let i = start + 2; i < start + length; i++) {
    if (((bytes[i] ?? 0) & 0xc0) !== 0x80) return false
  }
  return true
}
