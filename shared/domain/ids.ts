import { v7 } from 'uuid'
import * as v from 'valibot'

/** A new id: UUIDv7, so that ids sort by the time they were made. */
export function newId(): string {
  return v7()
}

export const Id = v.pipe(v.string(), v.uuid(), v.toLowerCase())
export const Timestamp = v.pipe(v.string(), v.isoTimestamp())
