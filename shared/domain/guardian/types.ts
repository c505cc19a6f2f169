import type { Draft } from '../claims/types.ts'
import type { Tlp } from '../tlp.ts'

/** A document as it is stored, with those of its pieces of evidence that a draft cites. */
export interface Source {
  title: string
  tlp: Tlp
  /** The whole text; citations are UTF-16 offsets into it. */
  text: string
  /** By the evidence's id: where in the text it stands. */
  evidence: ReadonlyMap<string, { start: number; end: number }>
}

/** What the caller may see, by the document's id; null for what is unknown or another tenant's. */
export type Sources = (documentId: string) => Source | null

/** How a workspace speaks. People set it; agents don't. */
export interface BrandRules {
  /** Words and phrases that never leave, whatever their case. */
  bannedWords: readonly string[]
  /** Sentences that every draft has to contain; they may stand without a citation. */
  requiredPhrases: readonly string[]
  /** Sentences that people approved word for word (calls to action): they may stand without a citation. */
  approvedPhrases: readonly string[]
  tone: {
    exclamationMarks: boolean
    /** Whole words in capitals, other than names of up to six letters. */
    capitals: boolean
    maximumSentenceWords: number | null
  }
  /** What may be said only in the very words of a quote: "best" and "only", promises, and "faster than". */
  wordForWord: readonly ('superlatives' | 'guarantees' | 'comparisons')[]
}

export interface GuardianOptions {
  /** The highest level that its readers may see. */
  audience: Tlp
  /** What happens to a claim that is wrong: it is taken out, or the whole draft is refused. */
  mode: 'remove' | 'fail'
  sources: Sources
  /** Hosts that a text may name as they are, e.g. `www.example.org`; each stands for itself only. */
  allowedLinkHosts: readonly string[]
  brand?: BrandRules
}

/** Everything that the Guardian can find, and what it says of it to people. */
export const findingCodes = {
  malformed: 'The draft does not have the form of a draft',
  too_large: 'The draft is too large to be checked',
  nothing_left: 'No claim is left',
  uncited: 'The claim cites nothing',
  source_unknown: 'The cited document is not known here',
  quote_not_at_offset: 'The quote does not stand at that place of the document',
  quote_cut: 'The quote begins or ends inside a word or character',
  quote_too_long: 'The quote is longer than what supports one claim',
  quote_empty: 'The quote says nothing',
  quotes_overlap: 'Two quotes of the claim overlap without one containing the other',
  quote_hides_text: 'The quote contains characters that hide or reorder text',
  evidence_mismatch: 'The evidence is not one of that document at that place',
  sentence_unbounded: 'Where the cited sentence begins and ends cannot be told, or the quote touches too many',
  name_not_cited: 'The claim names something that the cited text does not',
  number_not_cited: 'The claim holds a number or date that the cited text does not',
  negation_differs: 'The claim denies what the cited text says, or the other way round',
  certainty_differs: 'The claim is surer than the cited text',
  not_supported: 'The cited text does not say this',
  heading_unsupported: 'The heading or title says more than its claims do',
  tlp_above_audience: 'The source is above what the readers may see',
  tlp_above_draft: "The source is above the draft's own level",
  tlp_named: 'The text carries a marking above what its readers may see',
  personal_data: 'Personal data',
  secret: 'Something that looks like a secret',
  prompt_injection: 'Instructions to a language model',
  hidden_characters: 'Invisible or bidirectional characters',
  markup: 'Markup, a link or an image',
  link_not_allowed: 'A link or an address whose host is not allowed',
  indicator_live: 'An indicator that was not defanged',
  brand_word: 'A word that the brand does not use',
  brand_phrase_missing: 'A phrase that the brand requires is missing',
  brand_tone: 'Not in the tone of the brand',
  claim_rule: 'A promise, superlative or comparison that no quote makes word for word',
} as const
export type FindingCode = keyof typeof findingCodes

export interface Finding {
  code: FindingCode
  /** Where in the draft as it was given: section and claim are counted from 0; null for the title or the whole. */
  section: number | null
  claim: number | null
  /** The words in question, never a secret or personal data, at most 200 characters. */
  what: string
  /** For people. */
  why: string
  /** What was done: put right in place, taken out, or the reason why the whole draft was refused. */
  action: 'mended' | 'removed' | 'refused'
}

export interface Review {
  /** What may leave; null when nothing may. */
  draft: Draft | null
  findings: Finding[]
  verdict: 'passed' | 'mended' | 'refused'
}
