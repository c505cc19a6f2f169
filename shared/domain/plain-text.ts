import * as v from 'valibot'
import type { Json } from './sql.ts'

/** Text as PostgreSQL can hold it: NUL and lone surrogates become U+FFFD, which is as long as they are. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** A value as JSON that PostgreSQL can hold: its texts and names as above, null for a number that JSON doesn't know. */
export function storableJson(value: unknown): Json {
  if (typeof value === 'string') return storableText(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || value === null) return (value ?? null) as Json
  if ('toJSON' in value && typeof value.toJSON === 'function') return storableJson(value.toJSON())
  if (Array.isArray(value)) return value.map((item) => storableJson(item))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [storableText(name), storableJson(member)]),
  )
}

/** Text from a caller that PostgreSQL can hold as it is; anything else is refused rather than changed. */
export const PlainText = v.pipe(
  v.string(),
  v.check((text) => text.isWellFormed() && !text.includes('\0'), 'must be text without NUL or broken characters'),
)
