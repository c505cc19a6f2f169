import { HASH_PRIME, HASH_SEED, IGNORED, type Lexicon, WORD_CODES, wideWordCode } from './lexicon.ts'

/** How far apart the ordinals of two words are at least when a sentence or a paragraph ends between them. */
export const SENTENCE_STEP = 64

const WINDOW_SIZE = 64
/** Positions in a window's arrays wrap by this mask. */
export const WINDOW_MASK = WINDOW_SIZE - 1

/**
 * The last known words that were read, newest at `count - 1`. Ordinals number all words of the text, known or not:
 * two words are neighbours when theirs differ by one.
 */
export interface WordWindow {
  count: number
  ids: Int32Array
  starts: Int32Array
  ends: Int32Array
  ordinals: Int32Array
}

/** An empty window, to be used for one text. */
export function createWindow(): WordWindow {
  return {
    count: 0,
    ids: new Int32Array(WINDOW_SIZE),
    starts: new Int32Array(WINDOW_SIZE),
    ends: new Int32Array(WINDOW_SIZE),
    ordinals: new Int32Array(WINDOW_SIZE),
  }
}

const HYPHEN = 45
const SPACE = 32
const NEWLINE = 10
const RETURN = 13

const INVISIBLE = 1
const LETTER = 2

/**
 * What each UTF-16 code unit is to the scanner: 0 separates words, `INVISIBLE` is skipped inside one, `LETTER` stands for
 * itself, and ASCII letters and digits have their lower-case code.
 */
const UNIT_CLASSES: Uint8Array = (() => {
  const classes = new Uint8Array(0x10000)
  for (let unit = 0; unit < 0x10000; unit++) {
    const code = unit < 128 ? WORD_CODES[unit]! : wideWordCode(unit)
    classes[unit] = code === IGNORED ? INVISIBLE : unit < 128 ? code : code === 0 ? 0 : LETTER
  }
  return classes
})()

function codeAt(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code < 128 ? WORD_CODES[code]! : wideWordCode(code)
}

/** Whether the text between two offsets is the word, letter case and invisible characters aside. */
function sameWord(text: string, start: number, end: number, lexicon: Lexicon, id: number): boolean {
  const { letters, offsets } = lexicon
  const first = offsets[id]!
  const length = offsets[id + 1]! - first
  let at = 0
  for (let index = start; index < end; index++) {
    const code = codeAt(text, index)
    if (code === IGNORED || code === 0) continue
    if (at >= length || letters[first + at] !== code) return false
    at++
  }
  return at === length
}

function find(lexicon: Lexicon, hash: number, text: string, start: number, end: number): number {
  let slot = (hash ^ (hash >>> 15)) & lexicon.slotMask
  for (;;) {
    const id = lexicon.slots[slot]!
    if (id === 0) return 0
    if (lexicon.hashes[id] === hash && sameWord(text, start, end, lexicon, id)) return id
    slot = (slot + 1) & lexicon.slotMask
  }
}

/**
 * Reads a text once, word by word, and reports every word that the lexicon flags after it has entered the window;
 * known words without a flag only enter the window. Time is linear in the text and memory constant.
 *
 * @param text the text, any length
 * @param lexicon the known words
 * @param window where the last known words are kept
 * @param onWord called with the id and the flags of each flagged word; its place is the newest of the window
 */
export function scanWords(
  text: string,
  lexicon: Lexicon,
  window: WordWindow,
  onWord: (id: number, flags: number) => void,
): void {
  const length = text.length
  const { slots, slotMask, hashes, flags, letters, offsets } = lexicon
  const { ids, starts, ends, ordinals } = window
  const classes = UNIT_CLASSES
  let ordinal = 0
  let index = 0
  let count = window.count
  while (index < length) {
    let unit = text.charCodeAt(index)
    let code = classes[unit]!
    if (code <= INVISIBLE) {
      index++
      if (unit === SPACE) continue
      // A full stop counts only before white space, so that "lsass.exe" and "T1059.001" stay in one sentence.
      if (unit === NEWLINE || unit === 46 || unit === 33 || unit === 63) {
        const next = text.charCodeAt(index)
        if (unit === NEWLINE ? next === NEWLINE || next === RETURN : next <= SPACE) {
          ordinal = (ordinal + SENTENCE_STEP) | 0
          index++
        }
      } else if (unit === 44 || unit === 59) {
        // Words on both sides of a comma or semicolon are not neighbours, though a phrase with a gap may reach over it.
        ordinal = (ordinal + 1) | 0
      }
      continue
    }
    const start = index
    let hash = HASH_SEED
    while (code > LETTER) {
      hash = Math.imul(hash ^ code, HASH_PRIME)
      if (++index >= length) {
        code = 0
        break
      }
      unit = text.charCodeAt(index)
      code = classes[unit]!
    }
    let end = index
    while (code !== 0) {
      if (code !== INVISIBLE) {
        hash = Math.imul(hash ^ (code === LETTER ? unit : code), HASH_PRIME)
        end = index + 1
      }
      if (++index >= length) break
      unit = text.charCodeAt(index)
      code = classes[unit]!
    }
    ordinal = (ordinal + 1) | 0

    let id = 0
    // A word that a line break cut in two ("Mimi-\nkatz") is read whole when the whole is known.
    if (unit === HYPHEN && index + 2 < length) {
      const whole = joinOverLineBreak(text, index, hash)
      if (whole.end > 0) {
        id = find(lexicon, whole.hash, text, start, whole.end)
        if (id !== 0) {
          end = whole.end
          index = end
        }
      }
    }
    if (id === 0) {
      let slot = (hash ^ (hash >>> 15)) & slotMask
      id = slots[slot]!
      while (id !== 0 && hashes[id] !== hash) {
        slot = (slot + 1) & slotMask
        id = slots[slot]!
      }
      if (id === 0) continue
      const first = offsets[id]!
      const size = offsets[id + 1]! - first
      let at = 0
      // ASCII letters and digits keep their code or gain one bit when lower-cased, so one `or` compares them.
      if (end - start === size) while (at < size && (text.charCodeAt(start + at) | 32) === letters[first + at]!) at++
      if (at !== size) {
        id = find(lexicon, hash, text, start, end)
        if (id === 0) continue
      }
    }
    const place = count & WINDOW_MASK
    ids[place] = id
    starts[place] = start
    ends[place] = end
    ordinals[place] = ordinal
    count++
    const flag = flags[id]!
    if (flag !== 0) {
      window.count = count
      onWord(id, flag)
      count = window.count
    }
  }
}

const joined = { end: 0, hash: 0 }

function joinOverLineBreak(text: string, hyphen: number, hash: number): { end: number; hash: number } {
  joined.end = 0
  let index = hyphen + 1
  if (text.charCodeAt(index) === RETURN) index++
  if (text.charCodeAt(index) !== NEWLINE) return joined
  index++
  const from = index
  let end = index
  let whole = hash
  // Sixty-four characters are longer than any known word; the bound keeps the repeated reading constant.
  while (index < text.length && index - from < 64) {
    const code = codeAt(text, index)
    if (code === 0) break
    index++
    if (code === IGNORED) continue
    whole = Math.imul(whole ^ code, HASH_PRIME)
    end = index
  }
  if (end === from) return joined
  joined.end = end
  joined.hash = whole
  return joined
}
