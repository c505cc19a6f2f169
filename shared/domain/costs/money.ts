/** Microdollars of a dollar. */
const scale = 1_000_000

/** No budget is larger, so that sums of budgets stay exact numbers: a billion dollars. */
export const maximumMicrodollars = 1_000_000_000 * scale

const decimal = /^(\d{1,10})(?:\.(\d{1,6}))?$/

/**
 * Reads decimal US dollars (`12`, `0.000001`) as microdollars, exactly.
 * @returns null when it is no such number, is finer than a microdollar, or is more than a billion dollars
 */
export function parseDollars(text: string): number | null {
  const [, whole, fraction = ''] = decimal.exec(text) ?? []
  if (whole === undefined) return null
  const microdollars = Number(whole) * scale + Number(fraction.padEnd(6, '0'))
  return microdollars <= maximumMicrodollars ? microdollars : null
}

/** Writes microdollars as dollars, exactly, with as many digits as it takes and at least two: `$0.0125`, `$3.00`. */
export function formatDollars(microdollars: number): string {
  const size = Math.abs(microdollars)
  const fraction = String(size % scale).padStart(6, '0')
  const shown = fraction.slice(0, 2) + fraction.slice(2).replace(/0+$/, '')
  return `${microdollars < 0 ? '-' : ''}$${Math.floor(size / scale)}.${shown}`
}

/** What holds for a workspace without a budget of its own, and at most: see the plan of its organization. */
export interface BudgetDefaults {
  defaultBudgetMicrodollars: number
  /** The plan of organizations that pay nothing. */
  defaultPlanId: string
}

/** What the settings say of budgets. @param config as it was validated */
export function budgetDefaults(config: { MONTHLY_WORKSPACE_BUDGET_USD: string; DEFAULT_PLAN: string }): BudgetDefaults {
  return { defaultBudgetMicrodollars: defaultBudget(config), defaultPlanId: config.DEFAULT_PLAN }
}

/** What a workspace without a setting of its own may spend in a month, in microdollars. @param config as it was validated */
export function defaultBudget(config: { MONTHLY_WORKSPACE_BUDGET_USD: string }): number {
  const microdollars = parseDollars(config.MONTHLY_WORKSPACE_BUDGET_USD)
  if (microdollars === null) throw new RangeError('MONTHLY_WORKSPACE_BUDGET_USD is no amount of US dollars')
  return microdollars
}
