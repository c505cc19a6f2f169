import type { Citation, Claim } from '../claims/types.ts'
import { withoutHidden } from './hidden-characters.ts'
import { defangAll, withoutMarkup } from './links.ts'
import { sentencesAt } from './sentences.ts'
import type { Source } from './types.ts'
import { normalise } from './words.ts'

/** A piece of evidence, or any other place of a document that is to be cited. */
export interface Mention {
  evidence_id: string | null
  document_id: string
  start: number
  end: number
}

/** The longest label that a quoted sentence can follow in one claim. */
const maximumCharacters = 2000

/**
 * A claim in a form that the Guardian understands: the sentence around a mention, word for word and defanged, behind a label
 * when there is one ("Mimikatz (S0002)", "APT29 uses Phishing (T1566)").
 * @returns null when the sentence can't be told from what surrounds it, or is too long for one claim
 */
export function quotingClaim(
  source: Pick<Source, 'text'>,
  mention: Mention,
  label: string | null = null,
): Claim | null {
  const citation = sentenceCitation(source, mention)
  if (citation === null) return null
  const sentence = defangAll(withoutMarkup(withoutHidden(citation.quote)), new Set())
    .text.replace(/\s+/g, ' ')
    .trim()
  const text = label === null ? sentence : `${defangAll(label, new Set()).text}: ${sentence}`
  if (normalise(text) === '' || text.length > maximumCharacters) return null
  return { text, citations: [citation] }
}

/** The citation of the whole sentence around a mention; null when its edges can't be told or it is too long to be cited. */
export function sentenceCitation({ text }: Pick<Source, 'text'>, mention: Mention): Citation | null {
  const sentences = sentencesAt(text, mention.start, mention.end)
  if (sentences === null || sentences.length === 0) return null
  let [start, end] = [sentences[0]!.start, sentences.at(-1)!.end]
  while (start < end && /\s/.test(text[start]!)) start++
  while (end > start && /\s/.test(text[end - 1]!)) end--
  if (end - start > 1200 || start > mention.start || end < mention.end) return null
  return {
    evidence_id: mention.evidence_id,
    document_id: mention.document_id,
    start,
    end,
    quote: text.slice(start, end),
  }
}
