import { sourceOf, writeDeadLetter } from '#shared/domain/dead-letters.ts'
import type { RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = async ({ sql, principal, delivery }) => {
  const { consumer, attempts } = sourceOf(delivery.attributes)
  await writeDeadLetter(sql, {
    orgId: principal.orgId,
    kind: 'event',
    consumer,
    messageId: delivery.messageId,
    body: delivery.body,
    attempts,
    error: { code: 'NOT_ACKNOWLEDGED', message: 'The function never answered for this message' },
  })
}
