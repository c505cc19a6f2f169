import { redriveMany } from '#shared/domain/dead-letters/redrive.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { body }) => {
  const { sql, enqueue, principal, audit } = context
  // Messages are the whole organization's, and so is what they are about.
  await context.enter(principal.orgId)
  const { redriven, refused } = await redriveMany(
    { sql, enqueue, orgId: principal.orgId, userId: principal.userId },
    body.consumer,
  )
  audit('dead_letter.redriven', {
    details: { consumer: body.consumer, dead_letter_ids: redriven.map(({ id }) => id), refused: refused.length },
  })
  return { status: 202, body: { redriven: redriven.length, refused } }
}
