import { rescoreBatch, rescoreIndicators } from '#shared/domain/intelligence/decay.ts'
import type { RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = async ({ sql, enqueue, principal }, { after }) => {
  const last = await rescoreBatch(sql, principal.orgId, after)
  if (last !== null) await enqueue(rescoreIndicators, { after: last })
}
