import * as v from 'valibot'
import { Id } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import { Tlp } from '../tlp.ts'

/** Where a document says it: the quote stands at exactly these offsets (UTF-16 code units) of the document's text. */
export const Citation = v.strictObject({
  evidence_id: v.pipe(v.nullable(Id), v.description('The evidence; null for a sentence that holds none of its own')),
  document_id: Id,
  start: v.pipe(v.number(), v.integer(), v.minValue(0)),
  end: v.pipe(v.number(), v.integer(), v.minValue(1)),
  quote: v.pipe(PlainText, v.minLength(1), v.maxLength(2000)),
})
export type Citation = v.InferOutput<typeof Citation>

/** One sentence of a brief with what it rests on. */
export const Claim = v.strictObject({
  text: v.pipe(PlainText, v.minLength(1), v.maxLength(2000)),
  citations: v.pipe(v.array(Citation), v.maxLength(20)),
})
export type Claim = v.InferOutput<typeof Claim>

export const Section = v.strictObject({
  heading: v.pipe(PlainText, v.minLength(1), v.maxLength(200)),
  claims: v.pipe(v.array(Claim), v.maxLength(200)),
})
export type Section = v.InferOutput<typeof Section>

/** Something written by an agent, as the Guardian checks it and briefs keep it. */
export const Draft = v.strictObject({
  title: v.pipe(PlainText, v.minLength(1), v.maxLength(200)),
  /** No lower than that of any source it cites. */
  tlp: Tlp,
  sections: v.pipe(v.array(Section), v.minLength(1), v.maxLength(30)),
})
export type Draft = v.InferOutput<typeof Draft>
