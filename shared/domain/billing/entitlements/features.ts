import * as v from 'valibot'

/**
 * What plans limit. `month`: counted as it is used, anew in each calendar month (UTC). `stock`: what there is at a time.
 * `rate`: asked of each request or call.
 */
export const features = {
  seats: { kind: 'stock', unit: 'members, with open invitations' },
  documents: { kind: 'month', unit: 'documents announced in a month' },
  indicators: { kind: 'stock', unit: 'indicators' },
  feeds: { kind: 'stock', unit: 'feeds' },
  runs: { kind: 'month', unit: 'runs of playbooks begun in a month' },
  model_budget_microdollars: { kind: 'rate', unit: 'millionths of a US dollar for models, per workspace and month' },
  requests_per_minute: { kind: 'rate', unit: 'requests of each person or key in a minute' },
} as const satisfies Record<string, { kind: 'month' | 'stock' | 'rate'; unit: string }>

export type Feature = keyof typeof features

type OfKind<Kind> = { [F in Feature]: (typeof features)[F]['kind'] extends Kind ? F : never }[Feature]

/** What is counted in months. */
export type MonthlyFeature = OfKind<'month'>
export type StockFeature = OfKind<'stock'>

export const featureNames = Object.keys(features) as Feature[]

/** A quantity of a feature; null: without limit. */
const Quantity = v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(0)))

const quantities = Object.fromEntries(
  Object.entries(features).map(([name, { unit }]) => [name, v.pipe(Quantity, v.description(unit))]),
) as unknown as Record<Feature, typeof Quantity>

/** Quantities of every feature. */
export const Limits = v.strictObject(quantities)
export type Limits = v.InferOutput<typeof Limits>

/** Quantities of some features, by contract, over those of the plan. */
export const LimitOverrides = v.partial(Limits)
export type LimitOverrides = v.InferOutput<typeof LimitOverrides>
