import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { newDifferences } from '#shared/domain/billing/differences.ts'
import { applyFetchedObject } from '#shared/domain/billing/payments/apply-fetched.ts'
import { type Fetched, fetchObject } from '#shared/domain/billing/payments/fetch.ts'
import { isRefusal } from '#shared/domain/billing/refunds/send.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

/** Null: the gateway knows nothing of it, which reconciliation makes a difference of. */
export const prepare: PrepareJob<typeof job, Fetched | null> = async (context, wanted) => {
  try {
    return await fetchObject(context, wanted)
  } catch (error) {
    if (!isRefusal(error)) throw error
    context.log.warn('the gateway does not know it', { ...wanted, error })
    return null
  }
}

export const run: RunJob<typeof job, Fetched | null> = async (context, _payload, fetched) => {
  if (!fetched) return
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  await applyFetchedObject(effects, orgId, fetched)
  for (const difference of await newDifferences(context.sql, orgId)) context.log.error('billing differs', difference)
}
