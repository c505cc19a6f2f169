import type { Draft } from '../../../claims/types.ts'
import type { Json } from '../../../sql.ts'
import type { NodeContext } from '../../playbook.ts'
import type { CheckedChannel } from './check.ts'
import type { ChannelKey } from './input.ts'
import type { ProvenPoint } from './proof.ts'
import type { Research } from './research.ts'

export interface TextMetrics {
  characters: number
  words: number
  sentences: number
  claims: number
  cited_claims: number
  key_points_covered: number
  key_points: number
  /** Flesch, from 0 (hard) to 100 (easy); null for a text without words. */
  reading_ease: number | null
}

/** Counts what was published, channel by channel. */
export async function measure({ state, readUntrusted }: NodeContext): Promise<Json> {
  const checked = state.outputs.guard as unknown as CheckedChannel[]
  const { points } = state.outputs.research as unknown as Research
  readUntrusted('sentences of the documents')
  const metrics: Partial<Record<ChannelKey, TextMetrics>> = {}
  for (const { channel, draft } of checked) if (draft !== null) metrics[channel] = metricsOf(draft, points)
  return metrics as unknown as Json
}

export function metricsOf({ sections }: Draft, points: readonly ProvenPoint[]): TextMetrics {
  const claims = sections.flatMap((section) => section.claims)
  const text = claims.map((claim) => claim.text).join('\n')
  const words = wordsIn(text)
  const sentences = sentencesOf(text)
  const cited = new Set(claims.flatMap(({ citations }) => citations.map(placeOf)))
  const isCovered = ({ proof }: ProvenPoint) =>
    proof.some(({ claim }) => claim.citations.some((citation) => cited.has(placeOf(citation))))
  return {
    characters: claims.reduce((sum, claim) => sum + claim.text.length, 0),
    words: words.length,
    sentences,
    claims: claims.length,
    cited_claims: claims.filter(({ citations }) => citations.length > 0).length,
    key_points_covered: points.filter(isCovered).length,
    key_points: points.length,
    reading_ease: readingEase(words, sentences),
  }
}

function placeOf({ document_id, start, end }: { document_id: string; start: number; end: number }): string {
  return `${document_id} ${start} ${end}`
}

function wordsIn(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+(?:['’.-][\p{L}\p{N}]+)*/gu) ?? []
}

function sentencesOf(text: string): number {
  return text.split(/[.!?]+(?=\s|$)|\n/).filter((sentence) => /[\p{L}\p{N}]/u.test(sentence)).length
}

/**
 * Flesch's reading ease, 206.835 − 1.015 · words/sentences − 84.6 · syllables/words, kept between 0 and 100.
 * Source: R. Flesch, A New Readability Yardstick, Journal of Applied Psychology 32 (1948).
 */
function readingEase(words: readonly string[], sentences: number): number | null {
  if (words.length === 0 || sentences === 0) return null
  const syllables = words.reduce((sum, word) => sum + syllablesOf(word), 0)
  const ease = 206.835 - (1.015 * words.length) / sentences - (84.6 * syllables) / words.length
  return Math.round(Math.min(100, Math.max(0, ease)) * 10) / 10
}

/** Groups of vowels, without a silent e at the end. */
function syllablesOf(word: string): number {
  const groups = word
    .toLowerCase()
    .replace(/(?<=[^aeiouy])e$/, '')
    .match(/[aeiouy]+/g)
  return Math.max(1, groups?.length ?? 0)
}
