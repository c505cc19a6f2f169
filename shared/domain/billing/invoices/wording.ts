import { formatRupees } from '../money.ts'
import { stateNames, unionTerritories } from '../tax/states.ts'
import type { Invoice, Party } from './schemas.ts'

/** What stands above a document. A seller who isn't registered may not call an invoice one of tax. */
export function titleOf(invoice: Invoice): string {
  if (invoice.kind === 'credit_note') return 'Credit note'
  return invoice.tax_kind === 'not-registered' ? 'Invoice' : 'Tax invoice'
}

/** Its taxes as rows of the totals: those that its kind of supply bears. */
export function taxRows(invoice: Invoice): { label: string; paise: number }[] {
  const [line] = invoice.lines
  const rate = (line?.rate_basis_points ?? 0) / 100
  if (invoice.tax_kind === 'intra-state') {
    const state = unionTerritories.has(invoice.place_of_supply.slice(0, 2)) ? 'UTGST' : 'SGST'
    return [
      { label: `CGST ${rate / 2}%`, paise: invoice.cgst_paise },
      { label: `${state} ${rate / 2}%`, paise: invoice.sgst_paise },
    ]
  }
  if (invoice.tax_kind === 'inter-state') return [{ label: `IGST ${rate}%`, paise: invoice.igst_paise }]
  return []
}

/** What the law, or the customer, wants to be told besides (rules 46 and 53 of the CGST rules). */
export function notesOf(invoice: Invoice): string[] {
  return [
    ...(invoice.reason ? [`Reason: ${invoice.reason}`] : []),
    ...(invoice.credit_paise > 0 ? [`${formatRupees(invoice.credit_paise)} of it paid from your credit.`] : []),
    ...taxNotes(invoice),
    'Issued electronically: no signature is required.',
  ]
}

function taxNotes({ tax_kind, buyer }: Invoice): string[] {
  switch (tax_kind) {
    case 'export':
      return [
        'Supply meant for export under bond or letter of undertaking without payment of integrated tax.',
        'Tax is not payable on reverse charge.',
      ]
    case 'reverse-charge':
      return ['Tax is payable on reverse charge: by the recipient, at the rates of the GST acts.']
    case 'not-registered':
      return ['The seller is not registered under GST: no tax is charged.']
    case 'inter-state':
    case 'intra-state':
      return [
        ...(buyer.country === 'IN' ? [] : ['Supply meant for export on payment of integrated tax.']),
        'Tax is not payable on reverse charge.',
      ]
  }
}

/** The lines under a party's name. */
export function partyLines(party: Party): string[] {
  return [
    ...party.address_lines,
    ...(party.state_code === null || party.country !== 'IN'
      ? []
      : [`${stateNames[party.state_code] ?? 'State'} (state code ${party.state_code})`]),
    ...(party.country === 'IN' ? [] : [countries.of(party.country) ?? party.country]),
    ...(party.gstin === null ? [] : [`GSTIN ${party.gstin}`]),
    ...(party.email === null ? [] : [party.email]),
  ]
}
const countries = new Intl.DisplayNames('en', { type: 'region' })

const days = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Kolkata',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
})

/** `21 Nov 2026 to 20 Dec 2026`: the days of what was bought; null for a document of no period. */
export function periodOf({ period_start, period_end }: Invoice): string | null {
  if (period_start === null || period_end === null) return null
  const last = new Date(new Date(period_end).getTime() - 1)
  return `${dayOf(period_start)} to ${dayOf(last.toISOString())}`
}

/** `21 Nov 2026`, by the calendar of India. */
export function dayOf(at: string): string {
  return days.format(new Date(at))
}
