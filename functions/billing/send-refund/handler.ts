import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { newDifferences } from '#shared/domain/billing/differences.ts'
import type { RefundSnapshot } from '#shared/domain/billing/gateway.ts'
import { askRefund, recordRefund, refundToSend } from '#shared/domain/billing/refunds/send.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

interface Asked {
  /** Null: refused. */
  answer: RefundSnapshot | null
}

/** Null: there is nothing to ask. Asked twice it is one refund: the gateway goes by our id. */
export const prepare: PrepareJob<typeof job, Asked | null> = async ({ read, payments, signal }, { refund_id }) => {
  const refund = await read((sql) => refundToSend(sql, refund_id))
  return refund && { answer: await askRefund(payments, refund, signal) }
}

export const run: RunJob<typeof job, Asked | null> = async (context, { refund_id }, asked) => {
  if (!asked) return
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  await recordRefund(effects, orgId, refund_id, asked.answer)
  for (const difference of await newDifferences(context.sql, orgId)) context.log.error('billing differs', difference)
}
