import { givenUpBy, writeDeadLetter } from '#shared/domain/dead-letters/write.ts'
import type { RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = async ({ sql, principal, delivery }) => {
  const { consumer, attempts } = givenUpBy(delivery.attributes) ?? { consumer: 'unknown', attempts: 0 }
  await writeDeadLetter(sql, {
    orgId: principal.orgId,
    kind: 'event',
    consumer,
    queue: 'default',
    messageId: delivery.messageId,
    body: delivery.body,
    attempts,
    error: { code: 'NOT_ACKNOWLEDGED', message: 'The function never answered for this message' },
  })
}
