import * as v from 'valibot'

/** Traffic Light Protocol 2.0 (FIRST, 2022), least restrictive first. */
export const tlpLevels = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'] as const
export type Tlp = (typeof tlpLevels)[number]
export const Tlp = v.picklist(tlpLevels)

/** The levels that may go to an audience cleared up to `maximum`. */
export function tlpUpTo(maximum: Tlp): Tlp[] {
  return tlpLevels.slice(0, tlpLevels.indexOf(maximum) + 1)
}

export function strictest(levels: Iterable<Tlp>): Tlp | null {
  let found: Tlp | null = null
  for (const level of levels) {
    if (found === null || tlpLevels.indexOf(level) > tlpLevels.indexOf(found)) found = level
  }
  return found
}

/**
 * The strictest marking written in a text ("TLP:AMBER", "TLP: WHITE" of TLP 1.0), or null. Sentences that explain
 * the protocol name several levels; a document's own marking stands near its beginning or is repeated on its pages.
 * @param text only its first 5,000 characters are looked at
 */
export function findTlpMarking(text: string): Tlp | null {
  const marks = [...text.slice(0, 5000).matchAll(/\bTLP ?: ?(CLEAR|WHITE|GREEN|AMBER ?\+ ?STRICT|AMBER|RED)\b/gi)]
  return strictest(marks.map(([, level]) => normalize(level ?? 'RED')))
}

function normalize(level: string): Tlp {
  const name = level.toUpperCase().replaceAll(' ', '')
  return name === 'WHITE' ? 'CLEAR' : (name as Tlp)
}
