import { redrive } from '#shared/domain/dead-letters/redrive.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context, { params }) => {
  const { sql, enqueue, principal, audit } = context
  // Messages are the whole organization's, and so is what they are about.
  await context.enter(principal.orgId)
  const letter = await redrive(
    { sql, enqueue, orgId: principal.orgId, userId: principal.userId },
    params.dead_letter_id,
  )
  audit('dead_letter.redriven', {
    targetId: letter.id,
    details: { consumer: letter.consumer, message_id: letter.message_id, redrives: letter.redrives },
  })
  return { status: 202, body: letter }
}
