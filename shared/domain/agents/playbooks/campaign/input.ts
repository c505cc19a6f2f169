import * as v from 'valibot'
import { Id } from '../../../ids.ts'
import { PlainText } from '../../../plain-text.ts'
import { Tlp } from '../../../tlp.ts'

const text = (maximum: number) => v.pipe(PlainText, v.trim(), v.minLength(1), v.maxLength(maximum))

export const channelKeys = ['email', 'social', 'blog', 'press'] as const
export type ChannelKey = (typeof channelKeys)[number]

export const Input = v.strictObject({
  subject: v.pipe(text(150), v.description('What the campaign is about')),
  audience: v.pipe(text(300), v.description('Whom it speaks to')),
  goal: v.pipe(text(500), v.description('What they are to think or do then')),
  key_points: v.pipe(
    v.array(text(300)),
    v.minLength(1),
    v.maxLength(12),
    v.description('What is to be said; each is said only as far as the documents prove it'),
  ),
  channels: v.pipe(v.array(v.picklist(channelKeys)), v.minLength(1), v.maxLength(channelKeys.length)),
  document_ids: v.pipe(v.array(Id), v.minLength(1), v.maxLength(10), v.description('Where the proof is looked for')),
  call_to_action: v.optional(
    v.pipe(text(300), v.description('Said only when it is one of the approved phrases of the workspace')),
  ),
  audience_tlp: v.optional(
    v.pipe(Tlp, v.description('The highest level that readers may see; documents above it prove nothing')),
    'CLEAR',
  ),
})
export type Input = v.InferOutput<typeof Input>

/** What fits into a channel. */
export interface ChannelLimits {
  title: string
  /** Of all texts together, in UTF-16 code units. */
  characters: number
  /** Of one text. */
  claimCharacters: number
  claims: number
  /** Key points, the strongest first. */
  pillars: number
}

export const channelLimits: Readonly<Record<ChannelKey, ChannelLimits>> = {
  email: { title: 'Email', characters: 1500, claimCharacters: 500, claims: 6, pillars: 3 },
  // Each text is a post of its own.
  social: { title: 'Post', characters: 1400, claimCharacters: 280, claims: 5, pillars: 4 },
  blog: { title: 'Story', characters: 8000, claimCharacters: 1200, claims: 40, pillars: 12 },
  press: { title: 'Statements', characters: 3000, claimCharacters: 800, claims: 10, pillars: 4 },
}
