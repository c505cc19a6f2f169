import { forgetAccounts, pruneDeletedUsers } from '#shared/domain/tenancy/delete-user.ts'
import type { RunCron } from '#shared/runtime/declarations.ts'

export const run: RunCron = async ({ sql, identity, now, log }) => {
  const failures = await forgetAccounts(sql, (authSub) => identity.deleteAccount(authSub))
  for (const { userId, error } of failures) log.error('an account could not be removed', { userId, error })
  await pruneDeletedUsers(sql, now)
}
