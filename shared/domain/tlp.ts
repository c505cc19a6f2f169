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

/** A document's own marking stands in its head or foot; in between, texts that explain the protocol name every level. */
const edgeCharacters = 5000

/**
 * The strictest marking ("TLP:AMBER", "TLP: WHITE" of TLP 1.0) in the first 5,000 characters of a text, else in its
 * last 5,000, else null.
 */
export function findTlpMarking(text: string): Tlp | null {
  return markingIn(text.slice(0, edgeCharacters)) ?? markingIn(text.slice(-edgeCharacters))
}

function markingIn(text: string): Tlp | null {
  const marks = [...text.matchAll(/\bTLP ?: ?(CLEAR|WHITE|GREEN|AMBER ?\+ ?STRICT|AMBER|RED)\b/gi)]
  return strictest(marks.map(([, level]) => normalize(level ?? 'RED')))
}

function normalize(level: string): Tlp {
  const name = level.toUpperCase().replaceAll(' ', '')
  return name === 'WHITE' ? 'CLEAR' : (name as Tlp)
}
