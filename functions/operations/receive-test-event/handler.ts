import { failTestEvent, receiveTestEvent } from '#shared/domain/operations/test-event.ts'
import type { FailedJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = ({ sql, now }, payload) => receiveTestEvent(sql, payload, now)

export const failed: FailedJob<typeof job> = ({ sql }, { job_id }, failure) => failTestEvent(sql, job_id, failure)
