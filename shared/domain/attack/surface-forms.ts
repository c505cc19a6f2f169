/** How strictly the letters of a name must look as in the catalogue before a mention of it is believed. */
export type Spelling = 'any' | 'capitalised' | 'written'

/** One way to write a name, as the words that a reader of the text sees. */
export interface SurfaceForm {
  words: string[]
  spelling: Spelling
}

const LETTER_DIGIT_PREFIXES = new Set([
  'apt',
  'fin',
  'ta',
  'unc',
  'tag',
  'itg',
  'tg',
  'dev',
  'storm',
  'uac',
  'hive',
  'temp',
])

/** The words of a text as the scanner sees them: runs of letters and digits, lower-cased. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}

function atomsOf(name: string): string[] {
  const atoms: string[] = []
  for (const word of name.match(/[\p{L}\p{N}]+/gu) ?? []) {
    const prefix = /^([A-Za-z]+)(\d+)$/.exec(word)
    if (prefix !== null && LETTER_DIGIT_PREFIXES.has(prefix[1]!.toLowerCase())) {
      atoms.push(prefix[1]!, prefix[2]!)
      continue
    }
    // "CobaltStrike" but not "JavaScript in capitals" or "gsecdump": a split needs two parts of three letters.
    const parts = word.match(/[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+/g) ?? [word]
    const splittable =
      parts.length <= 3 && parts.join('') === word && parts.every((part) => /^[A-Za-z]{3,}$/.test(part))
    if (splittable) atoms.push(...parts)
    else atoms.push(word)
  }
  return atoms
}

/**
 * The ways in which a proper name is written: as in the catalogue, joined, and split where its capitals or digits
 * suggest it (`CobaltStrike`, `Cobalt Strike`; `APT29`, `APT 29`).
 *
 * @param name the catalogue's name
 * @param spelling how strict its own spelling is to be
 */
export function surfaceForms(name: string, spelling: Spelling): SurfaceForm[] {
  const forms = new Map<string, SurfaceForm>()
  const put = (words: string[], how: Spelling) => {
    const key = words.join(' ')
    if (words.length > 0 && !forms.has(key)) forms.set(key, { words, spelling: how })
  }
  const written = wordsOf(name)
  put(written, spelling)
  const atoms = atomsOf(name).map((atom) => atom.toLowerCase())
  if (atoms.length < 2) return [...forms.values()]
  const joined = atoms.join('')
  if (joined.length >= 5) put([joined], spelling === 'written' ? 'written' : 'any')
  const numbered = LETTER_DIGIT_PREFIXES.has(atoms[0]!)
  if (atoms.length <= 4) {
    for (let mask = 0; mask < 2 ** (atoms.length - 1); mask++) {
      const words: string[] = [atoms[0]!]
      for (let index = 1; index < atoms.length; index++) {
        if (mask & (1 << (index - 1))) words.push(atoms[index]!)
        else words[words.length - 1] += atoms[index]!
      }
      put(words, numbered && spelling !== 'written' ? 'any' : 'capitalised')
    }
  }
  return [...forms.values()]
}
