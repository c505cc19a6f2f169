import { dueSubscriptions } from '#shared/domain/billing/dunning/advance.ts'
import { advanceSubscription } from '#shared/domain/billing/messages.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

const pageSize = 500

/** Each in a transaction of its own: one that fails holds up none of the others. */
export const run: RunCron = async ({ sql, enter, enqueue, now, log, signal }) => {
  let after: string | null = null
  let count = 0
  for (;;) {
    signal.throwIfAborted()
    const page = await dueSubscriptions(sql, now, after, pageSize)
    for (const { id, org_id } of page) {
      await enter(org_id)
      await enqueue(advanceSubscription, { subscription_id: id })
    }
    count += page.length
    after = page.at(-1)?.id ?? null
    if (page.length < pageSize) break
  }
  if (count > 0) log.info('subscriptions are looked after', { count })
}
