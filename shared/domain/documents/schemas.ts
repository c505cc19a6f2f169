import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import { Tlp } from '../tlp.ts'

export const documentStatuses = ['awaiting_upload', 'processing', 'ready', 'rejected', 'failed', 'duplicate'] as const
export type DocumentStatus = (typeof documentStatuses)[number]

const Counts = v.strictObject({
  indicators: v.optional(v.number()),
  suppressed: v.optional(v.number()),
  techniques: v.optional(v.number()),
  actors: v.optional(v.number()),
  software: v.optional(v.number()),
  vulnerabilities: v.optional(v.number()),
})

export const Document = v.strictObject({
  id: Id,
  workspace_id: Id,
  project_id: v.nullable(Id),
  file_name: v.string(),
  content_type: v.string(),
  size_bytes: v.nullable(v.number()),
  sha256: v.nullable(v.string()),
  format: v.nullable(v.string()),
  title: v.nullable(v.string()),
  page_count: v.pipe(v.nullable(v.number()), v.description('Null for formats without pages')),
  character_count: v.nullable(v.number()),
  tlp: Tlp,
  status: v.picklist(documentStatuses),
  duplicate_of: v.pipe(v.nullable(Id), v.description('The document that has this content already')),
  job_id: v.nullable(Id),
  error: v.nullable(v.strictObject({ code: v.string(), message: v.string() })),
  counts: Counts,
  created_by: v.nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Document = v.InferInput<typeof Document>

export const DocumentDraft = v.strictObject({
  file_name: v.pipe(
    PlainText,
    v.trim(),
    v.minLength(1),
    v.maxLength(255),
    v.regex(/^[^\\/\0-\x1f]+$/, 'must be a plain file name'),
  ),
  content_type: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(100),
      v.regex(/^[\w.+-]+\/[\w.+-]+$/, 'must be a media type such as application/pdf'),
    ),
    'application/octet-stream',
  ),
  size_bytes: v.pipe(v.number(), v.integer(), v.minValue(1, 'must not be empty')),
  project_id: v.optional(v.nullable(Id), null),
  tlp: v.pipe(v.optional(Tlp), v.description('Without it the marking in the text decides, else AMBER')),
})

export const Upload = v.strictObject({
  url: v.pipe(v.string(), v.description('Send the file here; the URL is good for one hour and for one file')),
  method: v.literal('PUT'),
  headers: v.record(v.string(), v.string()),
  expires_at: Timestamp,
})

/** What the pipeline's tasks carry. */
export const DocumentStep = v.object({ document_id: Id, job_id: Id })
export type DocumentStep = v.InferOutput<typeof DocumentStep>
