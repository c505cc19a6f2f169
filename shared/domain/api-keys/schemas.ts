import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import { keyScopes } from '../tenancy/permissions.ts'

const Name = v.pipe(PlainText, v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(200))
const Scopes = v.pipe(
  v.array(v.picklist(keyScopes)),
  v.minLength(1, 'must name a scope'),
  v.maxLength(keyScopes.length),
)
const Expiry = v.pipe(
  Timestamp,
  v.check((text) => !Number.isNaN(Date.parse(text)), 'must be a date that exists'),
  v.description('At most 366 days ahead'),
)

export const ApiKeyDraft = v.strictObject({
  name: Name,
  scopes: Scopes,
  workspace_id: v.pipe(
    v.optional(v.nullable(Id), null),
    v.description('The one workspace that the key may work in; null: every workspace'),
  ),
  expires_at: v.pipe(v.optional(v.nullable(Expiry), null), v.description('Null: the key works until it is revoked')),
})
export type ApiKeyDraft = v.InferOutput<typeof ApiKeyDraft>

export const ApiKeyChange = v.strictObject({ name: Name })

export const ApiKeyRotation = v.strictObject({
  overlap_hours: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(168)), 24),
    v.description('How long the old key goes on beside the new one'),
  ),
  expires_at: v.pipe(v.optional(v.nullable(Expiry)), v.description('Of the new key; that of the old one when absent')),
})
export type ApiKeyRotation = v.InferOutput<typeof ApiKeyRotation>

export const ApiKey = v.strictObject({
  id: Id,
  name: v.string(),
  prefix: v.pipe(v.string(), v.description('First characters of the key, to tell it apart')),
  workspace_id: v.nullable(Id),
  scopes: v.array(v.string()),
  expires_at: v.nullable(Timestamp),
  last_used_at: v.pipe(v.nullable(Timestamp), v.description('To within a minute or so')),
  revoked_at: v.nullable(Timestamp),
  replaced_by: v.pipe(v.nullable(Id), v.description('The key that a rotation put in its place')),
  created_by: v.nullable(Id),
  created_at: Timestamp,
})
export type ApiKey = v.InferInput<typeof ApiKey>

export const NewApiKey = v.strictObject({
  api_key: ApiKey,
  key: v.pipe(v.string(), v.description('Shown here and never again; send it as `Authorization: Bearer …`')),
})
