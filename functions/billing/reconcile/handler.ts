import type { Findings } from '#shared/domain/billing/reconciliation/findings.ts'
import { gatherFindings, nightlyWindow } from '#shared/domain/billing/reconciliation/gather.ts'
import { recordFindings } from '#shared/domain/billing/reconciliation/record.ts'
import type { PrepareCron, RunCron } from '#shared/runtime/declarations.ts'

/** Null: no gateway is configured, so there is nothing to compare with. */
export const prepare: PrepareCron<Findings | null> = async ({ config, payments, read, now, signal }) =>
  config.RAZORPAY_KEY_ID ? gatherFindings({ gateway: payments, read, now, signal }, nightlyWindow(now)) : null

export const run: RunCron<Findings | null> = async (context, _, findings) => {
  if (!findings) return
  const { summary, news } = await recordFindings(context, findings)
  context.log.info('reconciled with the payment gateway', { ...summary })
  for (const { kind, subject, orgId, amountPaise } of news) {
    context.log.error('billing differs from the payment gateway', { kind, subject, orgId, amountPaise })
  }
}
