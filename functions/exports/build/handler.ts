import { Readable } from 'node:stream'
import { failExport, finishExport, openExport } from '#shared/domain/exports/exports.ts'
import { writeExport } from '#shared/domain/exports/write.ts'
import type { FailedJob, PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

type Written = { sizeBytes: number } | null

/** Writing the same file again replaces it, so a crash before the row is updated does no harm. */
export const prepare: PrepareJob<typeof job, Written> = async ({ read, objects }, { export_id }) => {
  const row = await read((sql) => openExport(sql, export_id))
  if (!row) return null
  const { contentType, content } = writeExport(read, row)
  return objects.write('exports', row.object_key, Readable.from(content), contentType)
}

export const run: RunJob<typeof job, Written> = async ({ sql }, { export_id, job_id }, written) => {
  if (written) await finishExport(sql, export_id, job_id, written.sizeBytes)
}

export const failed: FailedJob<typeof job> = async ({ sql }, { export_id, job_id }, failure) => {
  await failExport(sql, export_id, job_id, failure)
}
