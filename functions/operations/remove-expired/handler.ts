import { removeExpired } from '#shared/domain/retention/expire.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async (context) => {
  context.log.info('expired', { removed: await removeExpired(context) })
}
