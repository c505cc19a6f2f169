/**
 * Characters that are not seen or that change the order in which text is seen: control characters other than tab and line
 * end, format characters (Unicode category Cf: zero-width, bidirectional controls, tags, soft hyphen), variation selectors
 * and fillers that show as nothing, private use and unassigned ones, and lone surrogates.
 */
const hidden =
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u115f\u1160\u17b4\u17b5\u180e\u2028\u2029\u2800\u3164\uffa0]|\u034f|\p{Variation_Selector}|\p{Cf}|\p{Co}|\p{Cs}|\p{Cn}/gu

/** Characters that reorder what people see (UAX #9), and tags that carry text which nobody sees. */
const deceiving = /[\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u

/** A text without them. A line separator becomes a space. */
export function withoutHidden(text: string): string {
  return text.replace(/[\u2028\u2029]/g, ' ').replace(hidden, '')
}

/** Whether a quote, which has to stay as it is, shows people something else than it says. */
export function deceives(text: string): boolean {
  return deceiving.test(text)
}

/** The code points that a text hides, for people: "U+202E, U+200B". */
export function hiddenIn(text: string): string {
  const found = new Set<string>()
  // Not `matchAll`, which would compile the large pattern each time.
  text.replace(hidden, (character) => {
    if (found.size < 8) found.add(`U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`)
    return ''
  })
  return [...found].join(', ')
}
