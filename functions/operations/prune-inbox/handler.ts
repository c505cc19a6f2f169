import type { RunCron } from '#shared/runtime/declarations.ts'

/** Pub/Sub keeps undelivered messages for 7 days, and a dead letter may be sent again after that. */
const keptDays = 30

export const run: RunCron = async ({ sql }) => {
  await sql`delete from processed_messages where processed_at < now() - make_interval(days => ${keptDays})`
  await sql`delete from idempotent_requests where expires_at <= now()`
}
