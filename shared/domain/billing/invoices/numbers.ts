import type { Sql } from '../../sql.ts'

export type DocumentKind = 'invoice' | 'credit_note'

const prefixes = { invoice: 'RF', credit_note: 'RC' } as const

const calendar = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata', year: 'numeric', month: '2-digit' })

/** `2026-27`: April to March, by the calendar of India. */
export function financialYearOf(at: Date): string {
  const parts = Object.fromEntries(calendar.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const start = parts.month! >= 4 ? parts.year! : parts.year! - 1
  return `${start}-${String((start + 1) % 100).padStart(2, '0')}`
}

/** `RF/2627/000001`, at most 16 characters of those that rule 46(b) of the CGST rules allows. */
export function documentNumber(kind: DocumentKind, financialYear: string, serial: number): string {
  const years = financialYear.slice(2, 4) + financialYear.slice(5, 7)
  return `${prefixes[kind]}/${years}/${String(serial).padStart(6, '0')}`
}

/**
 * Takes the next number of a series. The series is locked until the commit, and a rollback gives the number back: so the
 * numbers have no gaps, and this comes as late in a transaction as possible.
 * @param at now; who waited for the series gets the moment of the number before it, so that dates follow the numbers
 */
export async function takeNumber(
  sql: Sql,
  kind: DocumentKind,
  at: Date,
): Promise<{ financialYear: string; serial: number; number: string; issuedAt: string }> {
  const financialYear = financialYearOf(at)
  const [taken] = await sql<{ serial: number; issued_at: string }[]>`
    insert into invoice_series (financial_year, kind, next_serial, last_issued_at)
    values (${financialYear}, ${kind}, 2, ${at})
    on conflict (financial_year, kind) do update
      set next_serial = invoice_series.next_serial + 1,
        last_issued_at = greatest(invoice_series.last_issued_at, excluded.last_issued_at)
    returning next_serial - 1 as serial, last_issued_at as issued_at`
  if (!taken) throw new Error('a series of numbers gave none')
  const { serial, issued_at: issuedAt } = taken
  return { financialYear, serial, number: documentNumber(kind, financialYear, serial), issuedAt }
}
