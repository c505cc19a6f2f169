import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { Tlp } from '../tlp.ts'

export const exportFormats = ['stix', 'csv'] as const

export const ExportFilter = v.strictObject({
  document_id: v.pipe(v.optional(v.nullable(Id), null), v.description('Only what this document says')),
  maximum_tlp: v.pipe(v.optional(Tlp, 'AMBER'), v.description('Nothing more restrictive is exported')),
  include_suppressed: v.optional(v.boolean(), false),
})
export type ExportFilter = v.InferOutput<typeof ExportFilter>

export const ExportDraft = v.strictObject({
  format: v.picklist(exportFormats),
  filter: v.optional(ExportFilter, {}),
})

export const Export = v.strictObject({
  id: Id,
  format: v.picklist(exportFormats),
  filter: ExportFilter,
  status: v.pipe(v.picklist(['processing', 'ready', 'failed', 'expired']), v.description('Files are kept for 90 days')),
  size_bytes: v.nullable(v.number()),
  job_id: v.nullable(Id),
  download_url: v.pipe(v.nullable(v.string()), v.description('Good for one hour; null until the export is ready')),
  created_at: Timestamp,
})
export type Export = v.InferInput<typeof Export>

/** What the task that builds an export carries. */
export const ExportTask = v.object({ export_id: Id, job_id: Id })
