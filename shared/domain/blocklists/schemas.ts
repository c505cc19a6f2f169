import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { indicatorTypes } from '../intelligence/schemas.ts'
import { PlainText } from '../plain-text.ts'
import { Tlp } from '../tlp.ts'

const Name = v.pipe(PlainText, v.trim(), v.minLength(1), v.maxLength(200))
const Types = v.pipe(v.array(v.picklist(indicatorTypes)), v.minLength(1), v.maxLength(indicatorTypes.length))

export const BlocklistDraft = v.strictObject({
  name: Name,
  types: v.optional(Types, ['ipv4', 'ipv6', 'ipv4-cidr', 'ipv6-cidr', 'ipv4-port', 'ipv6-port', 'domain', 'url']),
  maximum_tlp: v.pipe(v.optional(Tlp, 'AMBER'), v.description('Nothing more restrictive is on the list')),
  minimum_confidence: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)), 50),
})

export const Blocklist = v.strictObject({
  id: Id,
  name: v.string(),
  types: Types,
  maximum_tlp: Tlp,
  minimum_confidence: v.number(),
  token_prefix: v.pipe(v.string(), v.description('First characters of the token, to tell it apart')),
  created_at: Timestamp,
  revoked_at: v.nullable(Timestamp),
})
export type Blocklist = v.InferInput<typeof Blocklist>
