import * as v from 'valibot'
import type { Claim, Draft } from '../../../claims/types.ts'
import { AppError } from '../../../errors.ts'
import { isApproved } from '../../../guardian/brand.ts'
import type { BrandRules, Finding, Review } from '../../../guardian/types.ts'
import type { Json } from '../../../sql.ts'
import { hasBannedWord, toBrandRules } from '../../brand.ts'
import type { NodeContext } from '../../playbook.ts'
import { guard } from '../guard.ts'
import { type ChannelKey, type ChannelLimits, channelKeys, channelLimits, Input } from './input.ts'
import type { Research } from './research.ts'

/** Besides what the Guardian finds. */
interface ChannelFinding extends Omit<Finding, 'code'> {
  code: Finding['code'] | 'too_long'
}

export interface CheckedChannel {
  channel: ChannelKey
  /** What may leave; null when nothing of it may. */
  draft: Draft | null
  findings: ChannelFinding[]
  /** The model that wrote it. */
  model: string
}

/** Checks every channel's text: evidence, brand, and length. @throws AppError CONFLICT when nothing of any may leave */
export async function check(context: NodeContext): Promise<Json> {
  const { audience_tlp } = v.parse(Input, context.state.input)
  const brand = toBrandRules(context.agent.settings)
  const titles = titlesOf(context.state.outputs.research as unknown as Research)
  const checked: CheckedChannel[] = []
  for (const channel of channelKeys) {
    const written = context.state.outputs[channel] as unknown as { draft: Draft; model: string } | undefined
    if (written === undefined) continue
    const findings: ChannelFinding[] = []
    const unbanned = withoutBanned(written.draft, brand, titles, findings)
    const fitting = withinLimits(unbanned, channelLimits[channel], brand, findings)
    const review = await guard(context, fitting, { audience: audience_tlp, mode: 'remove', brand })
    const draft = saysSomething(review, brand, findings)
    checked.push({ channel, draft, findings: [...findings, ...review.findings], model: written.model })
  }
  if (checked.every(({ draft }) => draft === null)) throw nothingMayLeave(checked)
  return checked as unknown as Json
}

export function titlesOf({ documents }: Research): ReadonlyMap<string, string> {
  return new Map(documents.map(({ id, title }) => [id, title]))
}

/** The Guardian reads what a claim says; a banned word may not leave in its quotes and sources either. */
function withoutBanned(
  draft: Draft,
  { bannedWords }: BrandRules,
  titles: ReadonlyMap<string, string>,
  findings: ChannelFinding[],
): Draft {
  const isBanned = ({ citations }: Claim) =>
    citations.some(({ quote, document_id }) =>
      [quote, titles.get(document_id) ?? ''].some((text) => hasBannedWord(text, bannedWords)),
    )
  return keepClaims(draft, (claim, section, at) => {
    if (!isBanned(claim)) return true
    findings.push(
      removed('brand_word', section, at, claim, 'A quote or source holds a word that the brand does not use'),
    )
    return false
  })
}

/** What fits into the channel: the first claims, and what people approved word for word. */
function withinLimits(draft: Draft, limits: ChannelLimits, brand: BrandRules, findings: ChannelFinding[]): Draft {
  const all = draft.sections.flatMap(({ claims }) => claims)
  const approved = all.filter(({ text }) => isApproved(text, brand))
  let characters = approved.reduce((sum, { text }) => sum + text.length, 0)
  let claims = approved.length
  return keepClaims(draft, (claim, section, at) => {
    if (isApproved(claim.text, brand)) return true
    const { length } = claim.text
    const fits = length <= limits.claimCharacters && claims < limits.claims && characters + length <= limits.characters
    if (fits) {
      claims++
      characters += length
      return true
    }
    findings.push(removed('too_long', section, at, claim, 'It does not fit into the channel any more'))
    return false
  })
}

/** Approved phrases alone are no message. */
function saysSomething({ draft }: Review, brand: BrandRules, findings: ChannelFinding[]): Draft | null {
  if (draft === null) return null
  const says = draft.sections.some(({ claims }) => claims.some(({ text }) => !isApproved(text, brand)))
  if (says) return draft
  const why = 'Nothing is left but approved phrases'
  findings.push({ code: 'nothing_left', section: null, claim: null, what: '', why, action: 'refused' })
  return null
}

function keepClaims(draft: Draft, keep: (claim: Claim, section: number, at: number) => boolean): Draft {
  const sections = draft.sections.map(({ heading, claims }, section) => ({
    heading,
    claims: claims.filter((claim, at) => keep(claim, section, at)),
  }))
  return { ...draft, sections }
}

function removed(
  code: ChannelFinding['code'],
  section: number,
  claim: number,
  { text }: Claim,
  why: string,
): ChannelFinding {
  return { code, section, claim, what: text.slice(0, 200).toWellFormed(), why, action: 'removed' }
}

function nothingMayLeave(checked: readonly CheckedChannel[]): AppError {
  const reasons = [...new Set(checked.flatMap(({ findings }) => findings.map(({ why }) => why)))].slice(0, 5)
  return new AppError('CONFLICT', `Nothing of the campaign may leave: ${reasons.join('; ')}`)
}
