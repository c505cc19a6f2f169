import type { Citation, Draft } from '../claims/types.ts'
import { AppError, type ErrorDetail } from '../errors.ts'
import { loadSourcesOf } from '../guardian/load-sources.ts'
import type { Source } from '../guardian/types.ts'
import type { Sql } from '../sql.ts'
import { strictest, tlpLevels } from '../tlp.ts'

/** All words of a brief together, in UTF-16 code units: what fits into one text search vector, however many words. */
export const maximumBriefCharacters = 200_000

/** Which claims may stand without a citation: all of them, none, or those that a test lets through. */
export type Uncited = 'allowed' | 'refused' | ((text: string) => boolean)

/** Where in the request a claim stands. */
const placeOf = (section: number, claim: number) => `body.sections.${section}.claims.${claim}`

/**
 * Checks what a brief says of its sources: each quote stands in its document at that place, each piece of evidence is one
 * of that place, and the brief's TLP is no lower than that of any document that it cites.
 *
 * @param uncited which claims may stand without a citation: people's may
 * @returns how many claims cite nothing
 * @throws AppError VALIDATION_ERROR with each place that is wrong
 */
export async function checkDraft(sql: Sql, draft: Draft, uncited: Uncited): Promise<number> {
  const mayStand = typeof uncited === 'function' ? uncited : () => uncited === 'allowed'
  const sources = await loadSourcesOf(sql, draft)
  const wrong: ErrorDetail[] = []
  const cited: Source[] = []
  let uncitedClaims = 0
  let characters = draft.title.length
  for (const [s, section] of draft.sections.entries()) {
    characters += section.heading.length
    for (const [c, claim] of section.claims.entries()) {
      characters += claim.text.length
      if (claim.citations.length === 0) {
        uncitedClaims++
        if (!mayStand(claim.text)) wrong.push({ field: placeOf(s, c), message: 'must cite its source' })
      }
      for (const [at, citation] of claim.citations.entries()) {
        const source = sources(citation.document_id)
        const message = problemOf(citation, source)
        if (source !== null) cited.push(source)
        if (message !== null) wrong.push({ field: `${placeOf(s, c)}.citations.${at}`, message })
      }
    }
  }
  if (characters > maximumBriefCharacters) {
    wrong.push({ field: 'body.sections', message: `must hold at most ${maximumBriefCharacters} characters` })
  }
  const level = strictest(cited.map(({ tlp }) => tlp))
  if (level !== null && tlpLevels.indexOf(draft.tlp) < tlpLevels.indexOf(level)) {
    wrong.push({ field: 'body.tlp', message: `must be at least ${level}, which a cited document is` })
  }
  if (wrong.length > 0) throw new AppError('VALIDATION_ERROR', 'The brief is not what its sources say', wrong)
  return uncitedClaims
}

function problemOf(citation: Citation, source: Source | null): string | null {
  if (source === null) return 'must cite a document that is ready and that you can see'
  if (source.text.slice(citation.start, citation.end) !== citation.quote) {
    return 'must quote exactly what stands at that place of the document'
  }
  if (citation.evidence_id === null) return null
  const evidence = source.evidence.get(citation.evidence_id)
  const overlaps = evidence !== undefined && evidence.start < citation.end && evidence.end > citation.start
  return overlaps ? null : 'must name evidence of that document at that place'
}
