import { shareOf } from '../money.ts'
import type { Tax, TaxKind } from '../tax/gst.ts'
import { bearsTax, divideTax, gstRateBasisPoints, splitGross } from '../tax/gst.ts'
import type { InvoiceLine } from './schemas.ts'

/** A line of an order; discounts and credits are below zero. */
export interface OrderLine {
  description: string
  quantity: number
  unit_paise: number
  net_paise: number
}

export interface Amounts extends Tax {
  net_paise: number
  total_paise: number
}

/**
 * What an invoice over an order bears. What the customer agreed to pay stays; how much of it is tax, and which, is what
 * the law says when it is issued: the customer may have moved, or its treatment changed, since the order was made.
 */
export function invoiceAmounts(order: Amounts, kind: TaxKind): Amounts {
  const tax = order.total_paise - order.net_paise
  if (tax > 0 === bearsTax(kind) || order.total_paise === 0) {
    return { net_paise: order.net_paise, ...divideTax(tax, kind), total_paise: order.total_paise }
  }
  return splitGross(order.total_paise, kind)
}

/**
 * The lines of an order with their taxes, which sum to those of the invoice to the paisa: each line has the tax of all
 * lines up to it less that of the lines before.
 */
export function taxLines(lines: readonly OrderLine[], amounts: Amounts, kind: TaxKind, sac: string): InvoiceLine[] {
  const listed = lines.reduce((sum, line) => sum + line.net_paise, 0)
  const difference = amounts.net_paise - listed
  const all = difference === 0 ? lines : [...lines, adjustment(difference)]
  const rate = bearsTax(kind) ? gstRateBasisPoints : 0
  let net = 0
  let before: Tax = { cgst_paise: 0, sgst_paise: 0, igst_paise: 0 }
  return all.map((line, index) => {
    net += line.net_paise
    const isLast = index === all.length - 1
    const upToHere = isLast ? amounts : divideTax(shareOf(net, rate), kind)
    const tax = {
      cgst_paise: upToHere.cgst_paise - before.cgst_paise,
      sgst_paise: upToHere.sgst_paise - before.sgst_paise,
      igst_paise: upToHere.igst_paise - before.igst_paise,
    }
    before = upToHere
    return { ...line, sac, rate_basis_points: rate, ...tax }
  })
}

function adjustment(netPaise: number): OrderLine {
  const description = 'Adjustment: the tax treatment has changed since the order'
  return { description, quantity: 1, unit_paise: netPaise, net_paise: netPaise }
}
