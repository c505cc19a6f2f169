import { openStep } from '#shared/domain/documents/documents.ts'
import { extractText } from '#shared/domain/documents/messages.ts'
import { failStep, nextStep, rejectStep } from '#shared/domain/documents/steps.ts'
import { AppError } from '#shared/domain/errors.ts'
import type { FailedJob, PrepareJob, RunJob, ScanResult } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const prepare: PrepareJob<typeof job, ScanResult | null> = async ({ read, objects, scanner }, step) => {
  const document = await read((sql) => openStep(sql, step, 'read'))
  if (!document) return null
  const file = await objects.read('uploads', document.object_key)
  if (!file) throw new AppError('NOT_FOUND', 'The file is not there')
  try {
    return await scanner.scan(file.body)
  } finally {
    file.body.destroy()
  }
}

export const run: RunJob<typeof job, ScanResult | null> = async (context, step, result) => {
  if (!result || !(await openStep(context.sql, step, 'lock'))) return
  if (result.infected) {
    await rejectStep(context, step, {
      code: 'INFECTED',
      message: `The file carries malware (${result.signature ?? 'unnamed'}, found by ${result.engine}).`,
    })
    return
  }
  await nextStep(context, step, extractText)
}

export const failed: FailedJob<typeof job> = failStep
