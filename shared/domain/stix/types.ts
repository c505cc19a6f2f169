import type { IndicatorType } from '../extraction/types.ts'
import type { Tlp } from '../tlp.ts'

/** A point in time, as the database driver gives it: a Date, or text that Date can read. */
export type Instant = Date | string

/** The organization in whose name a bundle speaks. */
export interface StixProducer {
  /** Row id, a UUID. */
  id: string
  name: string
  created_at: Instant
  updated_at: Instant
}

/** A row of `documents`. */
export interface StixDocument {
  id: string
  title: string | null
  file_name: string
  tlp: Tlp
  sha256: string | null
  created_at: Instant
  updated_at: Instant
}

/** A row of `indicators` with the ids of the exported documents that name it. */
export interface StixIndicator {
  id: string
  type: IndicatorType
  value: string
  tlp: Tlp
  /** 0 to 100. */
  confidence: number
  suppressed_reason: string | null
  first_seen: Instant
  valid_until: Instant
  created_at: Instant
  updated_at: Instant
  document_ids: readonly string[]
}

/** A row of `entities` with the ids of the exported documents that name it. */
export interface StixEntity {
  id: string
  kind: 'technique' | 'actor' | 'software' | 'vulnerability'
  /** ATT&CK id, or CVE id of a vulnerability. */
  external_id: string
  name: string
  tlp: Tlp
  created_at: Instant
  updated_at: Instant
  document_ids: readonly string[]
}

/** A STIX object before it is written; members that are undefined are left out by JSON. */
export interface StixObject {
  type: string
  id: string
  [member: string]: unknown
}

/** Time as STIX writes it: RFC 3339 in UTC with milliseconds (STIX 2.1 sections 2.17 and 3.2). */
export function timestamp(instant: Instant): string {
  return new Date(instant).toISOString()
}
