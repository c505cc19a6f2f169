import { hash, randomUUID } from 'node:crypto'
import { PlatformError } from '../errors.ts'

/** Of google.protobuf.Timestamp; seconds come back as text. */
export interface Timestamp {
  seconds: number | string
  nanos: number
}

/** Of google.firestore.v1.Value, what we use. */
export interface Value {
  integerValue?: number | string
  stringValue?: string
  timestampValue?: Timestamp
}

/** Of google.firestore.v1.Document. */
export interface Document {
  name: string
  fields: Record<string, Value>
  updateTime?: Timestamp
}

/** Of google.firestore.v1.Precondition. */
export type Precondition = { exists: boolean } | { updateTime: Timestamp }

/**
 * An entry is one document:
 *
 * | field | |
 * |---|---|
 * | `key` | the entry's key, for people |
 * | `text` | its value as JSON; |
 * | `sum` | or, for a whole number, the number itself, which Firestore can add to |
 * | `is_counter` | 1 when `sum` is the value, 0 when `text` is: numbers, since adding 0 to a number tells it |
 * | `expires` | milliseconds since 1970, a number for the same reason |
 * | `expires_at` | the same time, for the collection's TTL policy |
 * | `nonce` | who wrote it: makes every write a change, and is how a writer whose answer was lost knows its own |
 */
export interface Entry {
  /** JSON text, or undefined for a counter. */
  text: string | undefined
  sum: number
  expires: number
  nonce: string
  updateTime: Timestamp
}

/**
 * A document's id. Ids that follow one another, as keys with our ids in them do, would all be written to one server
 * of Firestore's ("Avoid writing to documents with lexicographically close names"), and keys may have characters and
 * lengths that ids can't.
 */
export function documentId(key: string): string {
  return hash('sha256', key)
}

/** A new entry's fields. A whole number becomes a counter. */
export function newFields(key: string, text: string, expiresAt: Date): Record<string, Value> {
  const number = Number(text)
  const isCounter = Number.isSafeInteger(number) && /^-?\d+$/.test(text)
  return {
    key: { stringValue: key },
    ...(isCounter ? { sum: { integerValue: text } } : { text: { stringValue: text } }),
    is_counter: { integerValue: isCounter ? 1 : 0 },
    expires: { integerValue: expiresAt.getTime() },
    expires_at: { timestampValue: toTimestamp(expiresAt.getTime()) },
    nonce: { stringValue: randomUUID() },
  }
}

/** @throws PlatformError DATA_DAMAGED when somebody else wrote the document. */
export function readEntry({ fields, updateTime }: Document): Entry {
  const text = fields.text?.stringValue
  const isCounter = Number(fields.is_counter?.integerValue) === 1
  const sum = fields.sum?.integerValue
  const expires = Number(fields.expires?.integerValue)
  const nonce = fields.nonce?.stringValue
  if (!updateTime || !nonce || !Number.isSafeInteger(expires) || (isCounter ? sum : text) === undefined) {
    throw new PlatformError('DATA_DAMAGED', 'a document in the collection of the state store is not one of its own')
  }
  return { text: isCounter ? undefined : text, sum: Number(sum), expires, nonce, updateTime }
}

/**
 * The version says which state of the document it is, and also when that is over: so a conditional write needs not
 * read first.
 */
export function versionOf({ updateTime, expires }: Pick<Entry, 'updateTime' | 'expires'>): string {
  return `${updateTime.seconds}.${updateTime.nanos}.${expires}`
}

/** What `versionOf` gave; null for anything else. */
export function parseVersion(version: string): { updateTime: Timestamp; expires: number } | null {
  const [, seconds, nanos, expires] = /^(\d{1,12})\.(\d{1,9})\.(\d{1,15})$/.exec(version) ?? []
  if (seconds === undefined) return null
  return { updateTime: { seconds, nanos: Number(nanos) }, expires: Number(expires) }
}

function toTimestamp(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1000)
  return { seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 }
}
