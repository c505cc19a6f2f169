import { lockAccount } from '#shared/domain/billing/accounts/lock.ts'
import type { BillingEffects, BillingSettings } from '#shared/domain/billing/effects.ts'
import { issueInvoice } from '#shared/domain/billing/invoices/issue.ts'
import type { OrderLine } from '#shared/domain/billing/invoices/lines.ts'
import { taxKindOf, taxOf } from '#shared/domain/billing/tax/gst.ts'
import { newId } from '#shared/domain/ids.ts'
import { type Database, nobody } from '#shared/platform/database/index.ts'

export const testSettings: BillingSettings = {
  seller: {
    name: 'RaptorFlow Technologies Private Limited',
    gstin: '27AAPFU0939F1ZV',
    addressLines: ['4th Floor, Trade Centre', 'Bandra Kurla Complex', 'Mumbai 400051'],
    stateCode: '27',
    email: 'billing@raptorflow.example',
    sac: '998315',
  },
  defaultPlanId: 'free',
  graceDays: 7,
}

/** What billing sent and audited, as the context of a request would. */
export interface Told {
  tasks: { name: string; payload: unknown }[]
  audited: string[]
}

/** A customer in a database: runs changes of billing in transactions of its own, with its account locked. */
export function createCustomer(
  database: Database,
  { orgId = newId(), settings = testSettings }: { orgId?: string; settings?: BillingSettings } = {},
) {
  const told: Told = { tasks: [], audited: [] }
  const change = <Result>(work: (effects: BillingEffects) => Promise<Result>, now = new Date()): Promise<Result> =>
    database.transaction({ ...nobody, orgId }, async (sql) => {
      const account = await lockAccount(sql, orgId)
      const effects: BillingEffects = {
        sql,
        now,
        settings,
        account,
        enqueue: async (type, payload) => void told.tasks.push({ name: type.name, payload }),
        audit: (action) => void told.audited.push(action),
      }
      return work(effects)
    })

  /** An order over these lines, taxed by the account as it is, and not paid for here. */
  const order = (lines: readonly OrderLine[] = [line(499_900)]) =>
    change(async ({ sql, settings, account }) => {
      const net_paise = lines.reduce((sum, { net_paise }) => sum + net_paise, 0)
      const amounts = { net_paise, ...taxOf(net_paise, taxKindOf(account, settings.seller)) }
      const id = newId()
      await sql`
        insert into orders (id, org_id, kind, collection, plan_id, period, seats, lines, net_paise, cgst_paise,
          sgst_paise, igst_paise, total_paise, receipt)
        values (${id}, ${orgId}, 'start', 'checkout', 'team', 'month', 5, ${sql.json(lines.map((one) => ({ ...one })))},
          ${net_paise}, ${amounts.cgst_paise}, ${amounts.sgst_paise}, ${amounts.igst_paise}, ${amounts.total_paise},
          ${id})`
      return { id, lines, ...amounts }
    })
  return { orgId, told, change, order }
}

export type Customer = ReturnType<typeof createCustomer>

/** Issues the invoice of a new order. Returns its id. */
export async function issueInvoiceOf(customer: Customer): Promise<string> {
  const order = await customer.order()
  const { id } = await customer.change((effects) =>
    issueInvoice(effects, { orgId: customer.orgId, order, paymentId: null }),
  )
  return id
}

export function line(net_paise: number, description = 'Plan Team, monthly'): OrderLine {
  return { description, quantity: 1, unit_paise: net_paise, net_paise }
}
