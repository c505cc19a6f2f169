import { findTlpMarking, strictest, type Tlp, tlpLevels } from '../tlp.ts'
import type { FindingCode, Source } from './types.ts'

const rank = (level: Tlp): number => tlpLevels.indexOf(level)

/** Whether a source may be cited in a draft of some level for an audience; what is wrong, or null. */
export function levelFault(source: Source, draft: Tlp, audience: Tlp): FindingCode | null {
  if (rank(source.tlp) > rank(audience)) return 'tlp_above_audience'
  return rank(source.tlp) > rank(draft) ? 'tlp_above_draft' : null
}

export function isAbove(level: Tlp, other: Tlp): boolean {
  return rank(level) > rank(other)
}

/** A marking in a text that is above what its readers may see, e.g. the "TLP:RED" that was copied with a line; else null. */
export function markingAbove(text: string, maximum: Tlp): Tlp | null {
  const marking = strictest([findTlpMarking(text)].filter((level) => level !== null))
  return marking !== null && isAbove(marking, maximum) ? marking : null
}
