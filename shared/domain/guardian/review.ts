import * as v from 'valibot'
import { type Citation, type Claim, Draft, type Section } from '../claims/types.ts'
import { brandFaults, isApproved, missingPhrases } from './brand.ts'
import { citationFault, crosses } from './citations.ts'
import { type CitedSentence, CitedTexts } from './cited.ts'
import { clean, type Fault, quoteFault } from './clean.ts'
import type { Effort } from './compression.ts'
import { headingFault, neutralHeading, neutralTitle } from './headings.ts'
import { isAbove, levelFault } from './levels.ts'
import { citedEmails, supportFault } from './support.ts'
import { type Finding, type FindingCode, findingCodes, type GuardianOptions, type Review } from './types.ts'

/** Characters of all texts and quotes of one draft: an advisory has a tenth of it. */
const maximumCharacters = 1_000_000
/** Comparisons of words for one draft; a second or two. */
const maximumEffort = 60_000_000

/**
 * Decides what of a draft may leave, by code alone: every claim has to cite, at the exact place of documents that the
 * caller may see, sentences that say what it says, and no text may carry what must not leave. What can be put right is put
 * right (invisible characters, markup, live indicators, headings); a claim that is wrong is taken out, or the draft is
 * refused, as `mode` says. What may leave passes again unchanged.
 *
 * @param draft as an agent wrote it; nothing of it is believed
 * @param options see `GuardianOptions`; `sources` comes from `loadSourcesOf` as the caller's tenant
 */
export function review(draft: Draft, options: GuardianOptions): Review {
  const parsed = v.safeParse(Draft, draft)
  if (!parsed.success) return refusal('malformed', v.getDotPath(parsed.issues[0]) ?? '')
  if (charactersIn(parsed.output) > maximumCharacters) return refusal('too_large', '')
  return new DraftReview(parsed.output, options).run()
}

function refusal(code: FindingCode, what: string): Review {
  return { draft: null, verdict: 'refused', findings: [finding(code, what, null, null, 'refused')] }
}

function finding(
  code: FindingCode,
  what: string,
  section: number | null,
  claim: number | null,
  action: Finding['action'],
): Finding {
  return { code, section, claim, what: what.slice(0, 200).toWellFormed(), why: findingCodes[code], action }
}

function charactersIn({ title, sections }: Draft): number {
  let characters = title.length
  for (const { heading, claims } of sections) {
    characters += heading.length
    for (const { text, citations } of claims) {
      characters += text.length + citations.reduce((sum, { quote }) => sum + quote.length, 0)
    }
  }
  return characters
}

class DraftReview {
  readonly #draft: Draft
  readonly #options: GuardianOptions
  readonly #allowedHosts: ReadonlySet<string>
  readonly #cited = new CitedTexts()
  readonly #effort: Effort = { left: maximumEffort }
  readonly #findings: Finding[] = []

  constructor(draft: Draft, options: GuardianOptions) {
    this.#draft = draft
    this.#options = options
    this.#allowedHosts = new Set(options.allowedLinkHosts.map((host) => host.toLowerCase()))
  }

  run(): Review {
    const { audience, mode, brand } = this.#options
    if (isAbove(this.#draft.tlp, audience)) this.#note('tlp_above_audience', this.#draft.tlp, null, null, 'refused')
    const below: CitedSentence[] = []
    const sections = this.#draft.sections.flatMap((section, at) => this.#section(section, at, below))
    const title = this.#heading(this.#draft.title, null, below, neutralTitle)
    if (sections.length === 0) this.#note('nothing_left', '', null, null, 'refused')
    if (brand !== undefined) {
      const texts = sections.flatMap(({ claims }) => claims.map(({ text }) => text))
      for (const phrase of missingPhrases(texts, brand))
        this.#note('brand_phrase_missing', phrase, null, null, 'refused')
    }
    const isRefused = this.#findings.some(
      ({ action }) => action === 'refused' || (mode === 'fail' && action === 'removed'),
    )
    const findings = this.#findings.map((each): Finding => {
      return mode === 'fail' && each.action === 'removed' ? { ...each, action: 'refused' } : each
    })
    if (isRefused) return { draft: null, findings, verdict: 'refused' }
    const draft = { title, tlp: this.#draft.tlp, sections }
    return { draft, findings, verdict: findings.length === 0 ? 'passed' : 'mended' }
  }

  #note(
    code: FindingCode,
    what: string,
    section: number | null,
    claim: number | null,
    action: Finding['action'],
  ): void {
    this.#findings.push(finding(code, what, section, claim, action))
  }

  /** @returns the section with the claims that may stay; none when there are none */
  #section(section: Section, at: number, all: CitedSentence[]): Section[] {
    const below: CitedSentence[] = []
    const claims = section.claims.flatMap((claim, index) => {
      const kept = this.#claim(claim, at, index)
      if (kept === null) return []
      below.push(...kept.sentences)
      return [kept.claim]
    })
    all.push(...below)
    if (claims.length === 0) return []
    return [{ heading: this.#heading(section.heading, at, below, neutralHeading), claims }]
  }

  /** A title or heading as it may stay, or a neutral one in its place. */
  #heading(text: string, section: number | null, below: readonly CitedSentence[], neutral: string): string {
    const { brand } = this.#options
    const cleaned = this.#clean(text, new Set())
    for (const { code, what } of cleaned.mended) this.#note(code, what, section, null, 'mended')
    const fault = cleaned.fault ?? this.#headingFault(cleaned.text, below)
    const branded = brand === undefined ? [] : brandFaults(cleaned.text, [], brand)
    if (fault === null && branded.length === 0 && cleaned.text !== '') return cleaned.text
    for (const { code, what } of fault === null ? branded : [fault]) {
      this.#note(code, what, section, null, this.#options.mode === 'fail' ? 'refused' : 'mended')
    }
    return neutral
  }

  #headingFault(text: string, below: readonly CitedSentence[]): Fault | null {
    if (isApproved(text, this.#options.brand)) return null
    const what = headingFault(text, below, this.#effort)
    return what === null ? null : { code: 'heading_unsupported', what }
  }

  #clean(text: string, evidence: ReadonlySet<string>) {
    return clean(text, { allowedHosts: this.#allowedHosts, level: this.#draft.tlp, evidence })
  }

  #claim(claim: Claim, section: number, index: number): { claim: Claim; sentences: CitedSentence[] } | null {
    const citations = distinct(claim.citations)
    const sentences: CitedSentence[] = []
    const faults: Fault[] = []
    for (const citation of citations) {
      const fault = this.#citation(citation, citations, sentences)
      if (fault !== null) faults.push({ code: fault, what: citation.quote })
    }
    const cited = inOrder(sentences)
    const evidence = citedEmails(cited)
    const cleaned = this.#clean(claim.text, evidence)
    if (cleaned.fault !== null) faults.push(cleaned.fault)
    const rules = { level: this.#draft.tlp, evidence }
    for (const { quote } of faults.length === 0 ? citations : []) {
      const fault = quoteFault(quote, rules)
      if (fault !== null) faults.push(fault)
    }
    if (faults.length === 0) faults.push(...this.#saying(cleaned.text, citations, cited))
    // What a source that may not be seen here says is not told in the findings either.
    for (const { code, what } of faults) {
      const isForeign = code === 'source_unknown' || code.startsWith('tlp_above')
      this.#note(code, isForeign || code === 'quote_not_at_offset' ? '' : what, section, index, 'removed')
    }
    if (faults.length > 0) return null
    for (const { code, what } of cleaned.mended) this.#note(code, what, section, index, 'mended')
    return { claim: { text: cleaned.text, citations }, sentences: cited }
  }

  #citation(citation: Citation, all: readonly Citation[], sentences: CitedSentence[]): FindingCode | null {
    const source = this.#options.sources(citation.document_id)
    if (source === null) return 'source_unknown'
    const fault =
      levelFault(source, this.#draft.tlp, this.#options.audience) ??
      citationFault(citation, source) ??
      (all.some((other) => crosses(citation, other)) ? 'quotes_overlap' : null)
    if (fault !== null) return fault
    const touched = this.#cited.sentences(citation, source)
    if (touched === null) return 'sentence_unbounded'
    sentences.push(...touched)
    return null
  }

  /** What is wrong with what a claim says, given that its citations are right. */
  #saying(text: string, citations: readonly Citation[], cited: readonly CitedSentence[]): Fault[] {
    const { brand } = this.#options
    const approved = isApproved(text, brand)
    if (citations.length === 0 && !approved) return [{ code: 'uncited', what: text }]
    const unsupported = approved ? null : supportFault(text, cited, this.#effort)
    if (unsupported !== null) return [unsupported]
    if (brand === undefined || approved) return []
    return brandFaults(
      text,
      citations.map(({ quote }) => quote),
      brand,
    )
  }
}

function distinct(citations: readonly Citation[]): Citation[] {
  const known = new Set<string>()
  return citations.filter(({ document_id, start, end, evidence_id }) => {
    const key = `${document_id} ${start} ${end} ${evidence_id}`
    return !known.has(key) && known.add(key)
  })
}

/** Each sentence once, by document and place, so that those that follow each other stand beside each other. */
function inOrder(sentences: readonly CitedSentence[]): CitedSentence[] {
  return [...new Set(sentences)].sort((a, b) =>
    a.documentId < b.documentId ? -1 : a.documentId > b.documentId ? 1 : a.start - b.start,
  )
}
