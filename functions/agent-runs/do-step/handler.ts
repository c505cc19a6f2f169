import { council } from '#shared/domain/agents/council.ts'
import { stepHandlers } from '#shared/domain/agents/step-handlers.ts'
import type { WorkOutcome } from '#shared/domain/agents/work.ts'
import type { FailedJob, PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

const step = stepHandlers(council)

export const prepare: PrepareJob<typeof job, WorkOutcome> = step.prepare
export const run: RunJob<typeof job, WorkOutcome> = step.run
export const failed: FailedJob<typeof job> = step.failed
