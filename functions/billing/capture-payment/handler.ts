import { openBilling } from '#shared/domain/billing/accounts/open.ts'
import { newDifferences } from '#shared/domain/billing/differences.ts'
import type { PaymentSnapshot } from '#shared/domain/billing/gateway.ts'
import { applyPayment } from '#shared/domain/billing/payments/apply-payment.ts'
import { askCapture, captureToAsk } from '#shared/domain/billing/payments/capture.ts'
import { billingSettings } from '#shared/domain/billing/settings.ts'
import type { PrepareJob, RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

/** Null: there is nothing to take, or nothing any more. Asked twice it is taken once. */
export const prepare: PrepareJob<typeof job, PaymentSnapshot | null> = async (context, { payment_id }) => {
  const { read, payments, signal } = context
  const capture = await read((sql) => captureToAsk(sql, payment_id))
  return capture && (await askCapture(payments, capture, signal))
}

export const run: RunJob<typeof job, PaymentSnapshot | null> = async (context, _payload, captured) => {
  if (!captured) return
  const { orgId } = context.principal
  const effects = await openBilling(context, orgId, billingSettings(context.config))
  await applyPayment(effects, orgId, captured)
  for (const difference of await newDifferences(context.sql, orgId)) context.log.error('billing differs', difference)
}
