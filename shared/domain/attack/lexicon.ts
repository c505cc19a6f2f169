/**
 * The closed set of words that any pattern knows, with a hash table made for looking words up while they are read.
 * Word ids start at 1; 0 means "no pattern knows this word".
 */
export interface Lexicon {
  words: readonly string[]
  /** Open-addressing table of word ids, linear probing. */
  slots: Uint16Array
  slotMask: number
  /** Full hash of each word, by word id. */
  hashes: Int32Array
  /** The words' letters one after the other; those of word `id` start at `offsets[id]` and end before `offsets[id + 1]`. */
  letters: Uint16Array
  offsets: Int32Array
  /** Bit set per word id; what a bit means is the affair of whoever sets it. */
  flags: Uint8Array
}

/** Collects words until `freeze`; adding one twice gives the same id. */
export interface LexiconBuilder {
  /** Gives a word its id. Throws on a function word. */
  add(word: string): number
  /** One more than the largest id given so far. */
  size(): number
  flag(id: number, bit: number): void
  freeze(): Lexicon
}

/** Where each word's hash starts (FNV-1a offset basis) and what it is multiplied by (FNV prime). */
export const HASH_SEED = 0x811c9dc5 | 0
export const HASH_PRIME = 0x01000193

/** ASCII letters and digits, lower-cased; every other ASCII character is 0 and separates words. */
export const WORD_CODES: Uint8Array = (() => {
  const codes = new Uint8Array(128)
  for (let code = 48; code <= 57; code++) codes[code] = code
  for (let code = 97; code <= 122; code++) {
    codes[code] = code
    codes[code - 32] = code
  }
  return codes
})()

/** What `wideWordCode` gives for characters that sit inside a word without being part of it. */
export const IGNORED = -1

/**
 * Classifies a UTF-16 code unit outside ASCII: 0 separates words, `IGNORED` is skipped inside one, else a letter.
 * Soft hyphens and zero-width characters are what PDF and HTML leave inside words.
 */
export function wideWordCode(code: number): number {
  if (code === 0xad || code === 0x200b || code === 0x200c || code === 0x200d || code === 0x2060 || code === 0xfeff) {
    return IGNORED
  }
  if (code < 0xc0 || code === 0xd7 || code === 0xf7) return 0
  if (code >= 0x2000 && code <= 0x2bff) return 0
  if (code >= 0x3000 && code <= 0x303f) return 0
  if (code >= 0xff00 && code <= 0xff20) return 0
  return code
}

/** The hash of a lower-case word, as the scanner computes it character by character. */
export function hashWord(word: string): number {
  let hash = HASH_SEED
  for (let index = 0; index < word.length; index++) hash = Math.imul(hash ^ word.charCodeAt(index), HASH_PRIME)
  return hash
}

/** Starts an empty lexicon. */
export function createLexicon(): LexiconBuilder {
  const ids = new Map<string, number>()
  const words: string[] = ['']
  const flags: number[] = [0]
  return {
    add(word) {
      const known = ids.get(word)
      if (known !== undefined) return known
      if (FUNCTION_WORDS.has(word)) throw new Error(`a function word can't be looked up: ${word}`)
      const id = words.length
      words.push(word)
      flags.push(0)
      ids.set(word, id)
      return id
    },
    size: () => words.length,
    flag(id, bit) {
      flags[id] = (flags[id] ?? 0) | bit
    },
    freeze() {
      let size = 1024
      while (size < words.length * 4) size *= 2
      const slots = new Uint16Array(size)
      const hashes = new Int32Array(words.length)
      for (let id = 1; id < words.length; id++) {
        const hash = hashWord(words[id]!)
        hashes[id] = hash
        let slot = (hash ^ (hash >>> 15)) & (size - 1)
        while (slots[slot] !== 0) slot = (slot + 1) & (size - 1)
        slots[slot] = id
      }
      const offsets = new Int32Array(words.length + 1)
      for (let id = 0; id < words.length; id++) offsets[id + 1] = offsets[id]! + words[id]!.length
      const letters = new Uint16Array(offsets[words.length]!)
      for (let id = 0; id < words.length; id++) {
        const word = words[id]!
        for (let at = 0; at < word.length; at++) letters[offsets[id]! + at] = word.charCodeAt(at)
      }
      return { words, slots, slotMask: size - 1, hashes, letters, offsets, flags: Uint8Array.from(flags) }
    },
  }
}

/**
 * Words so common that looking each of them up would cost more than all others together. They are in no lexicon:
 * patterns count them as words in between.
 */
export const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  'the to and of a in for with on as by from or is are was were its it this that an be been has have had'.split(' '),
)
