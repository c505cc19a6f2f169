import * as v from 'valibot'
import { Draft, Section } from '../claims/types.ts'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import { Tlp } from '../tlp.ts'

export const briefStatuses = ['draft', 'published'] as const
export type BriefStatus = (typeof briefStatuses)[number]

export const BriefSummary = v.strictObject({
  id: Id,
  title: v.string(),
  tlp: Tlp,
  status: v.picklist(briefStatuses),
  uncited_claims: v.pipe(v.number(), v.integer(), v.description('Claims that cite nothing: somebody only says so')),
  version: v.pipe(v.number(), v.integer(), v.description('Grows with each change')),
  run_id: v.pipe(v.nullable(Id), v.description('The run of an agent that wrote it; null when a person did')),
  created_by: v.nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
  published_at: v.nullable(Timestamp),
  published_by: v.nullable(Id),
})
export type BriefSummary = v.InferInput<typeof BriefSummary>

export const Brief = v.strictObject({ ...BriefSummary.entries, sections: v.array(Section) })
export type Brief = v.InferInput<typeof Brief>

/** What a person or an agent writes. */
export const BriefDraft = Draft

export const BriefComment = v.strictObject({
  id: Id,
  brief_id: Id,
  body: v.string(),
  created_by: v.nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type BriefComment = v.InferInput<typeof BriefComment>

export const BriefCommentDraft = v.strictObject({
  body: v.pipe(PlainText, v.trim(), v.minLength(1), v.maxLength(10_000)),
})
