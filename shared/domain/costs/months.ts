/** The month of a moment, in UTC: `2026-11`. Budgets begin anew with it. */
export function monthOf(moment: Date): string {
  return moment.toISOString().slice(0, 7)
}

/** When the month after this one begins, ISO 8601. @param month as of `monthOf` */
export function endOfMonth(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number)
  // Months of a Date count from 0: this is the next one.
  return new Date(Date.UTC(year, number, 1)).toISOString()
}
