import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async ({ sweepOutbox, log }) => {
  const sent = await sweepOutbox()
  if (sent > 0) log.warn('outbox swept', { sent })
}
