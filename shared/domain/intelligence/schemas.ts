import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { Tlp } from '../tlp.ts'
import { entityKinds } from './findings.ts'

export const indicatorTypes = [
  'ipv4',
  'ipv6',
  'ipv4-cidr',
  'ipv6-cidr',
  'ipv4-port',
  'ipv6-port',
  'domain',
  'url',
  'email',
  'md5',
  'sha1',
  'sha256',
  'sha512',
  'ssdeep',
  'tlsh',
  'imphash',
  'ja3',
  'file-path',
  'registry-key',
  'mutex',
  'user-agent',
  'asn',
  'mac',
  'cve',
  'bitcoin',
  'ethereum',
  'monero',
  'onion',
  'i2p',
  'x509-serial',
  'yara-rule',
] as const

const SuppressedReason = v.pipe(
  v.nullable(v.string()),
  v.description('Why it is held back as a likely false positive; null when it is not'),
)

export const Indicator = v.strictObject({
  id: Id,
  type: v.picklist(indicatorTypes),
  value: v.pipe(v.string(), v.description('Canonical form')),
  tlp: Tlp,
  confidence: v.pipe(v.number(), v.integer(), v.description('0 to 100, as of when it was last seen')),
  score: v.pipe(
    v.number(),
    v.integer(),
    v.description('Confidence as it is today: it halves each time that half of the lifetime of its type has passed'),
  ),
  suppressed_reason: SuppressedReason,
  suppressed_list: v.nullable(v.string()),
  first_seen: Timestamp,
  last_seen: Timestamp,
  valid_until: Timestamp,
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Indicator = v.InferInput<typeof Indicator>

export const Entity = v.strictObject({
  id: Id,
  kind: v.picklist(entityKinds),
  external_id: v.pipe(v.string(), v.description('ATT&CK or CVE id')),
  name: v.string(),
  tlp: Tlp,
  first_seen: Timestamp,
  last_seen: Timestamp,
  documents: v.pipe(v.number(), v.integer(), v.description('Documents that name it')),
})
export type Entity = v.InferInput<typeof Entity>

export const Evidence = v.strictObject({
  id: Id,
  document_id: Id,
  document_title: v.string(),
  indicator_id: v.nullable(Id),
  entity_id: v.nullable(Id),
  page: v.pipe(v.nullable(v.number()), v.description('1-based; null for formats without pages')),
  start: v.pipe(v.number(), v.description('Offset into the text of the document, in UTF-16 code units')),
  end: v.number(),
  quote: v.pipe(v.string(), v.description('The words between the offsets')),
  sentence: v.string(),
  how: v.pipe(v.string(), v.description('pattern, id, name, alias or phrase')),
  defanged: v.boolean(),
  suppressed_reason: SuppressedReason,
  tlp: Tlp,
  confidence: v.pipe(v.number(), v.integer()),
})
export type Evidence = v.InferInput<typeof Evidence>

export { entityKinds }
