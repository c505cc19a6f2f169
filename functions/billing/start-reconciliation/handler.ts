import { gatherFindings } from '#shared/domain/billing/reconciliation/gather.ts'
import { recordFindings } from '#shared/domain/billing/reconciliation/record.ts'
import { type ReconciliationPlan, windowOf } from '#shared/domain/billing/reconciliation/schemas.ts'
import type { PrepareRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const prepare: PrepareRoute<typeof route, ReconciliationPlan> = async (
  { payments, read, now, signal },
  { body },
) => {
  const window = windowOf(body, now)
  return { window, findings: await gatherFindings({ gateway: payments, read, now, signal }, window) }
}

export const run: RunRoute<typeof route, ReconciliationPlan> = async (context, _, { window, findings }) => {
  const { summary, news } = await recordFindings(context, findings)
  context.log.info('reconciled with the payment gateway', { ...summary, by: context.principal.userId })
  const body = {
    from: window.from.toISOString(),
    to: window.to.toISOString(),
    ...summary,
    new_differences: news.slice(0, 100).map(({ kind, subject, orgId, amountPaise }) => ({
      kind,
      subject,
      org_id: orgId,
      amount_paise: amountPaise,
    })),
  }
  return { status: 200, body }
}
