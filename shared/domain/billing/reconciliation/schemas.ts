import * as v from 'valibot'
import { AppError } from '../../errors.ts'
import { Id } from '../../ids.ts'
import type { Window } from './books.ts'
import type { Findings } from './findings.ts'
import { nightlyWindow } from './gather.ts'

const maximumDays = 31

const Moment = v.pipe(v.string(), v.isoTimestamp())
const Count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const ReconciliationRequest = v.strictObject({
  from: v.optional(
    v.pipe(Moment, v.description('Objects made at the gateway from then on; three days ago when absent')),
  ),
  to: v.optional(v.pipe(Moment, v.description(`At most ${maximumDays} days later; ten minutes ago when absent`))),
})

export const ReconciliationResult = v.strictObject({
  from: Moment,
  to: Moment,
  repairs: v.pipe(Count, v.description('Objects that are fetched and applied now')),
  mandates_ended: v.pipe(Count, v.description('Mandates that are ended now, since they are over here')),
  receipts_parked: v.pipe(Count, v.description('Receipts of nobody known that were parked now')),
  settlements_booked: Count,
  differences: v.pipe(Count, v.description('What does not agree and is not repaired')),
  differences_resolved: v.pipe(Count, v.description('Older differences that are gone')),
  new_differences: v.pipe(
    v.array(
      v.strictObject({
        kind: v.string(),
        subject: v.string(),
        org_id: v.nullable(Id),
        amount_paise: v.nullable(v.pipe(v.number(), v.integer())),
      }),
    ),
    v.description('Those that nobody knew of, a hundred at most'),
  ),
})

export type ReconciliationOutcome = v.InferOutput<typeof ReconciliationResult>

/** What is looked through, and what was found there. */
export interface ReconciliationPlan {
  window: Window
  findings: Findings
}

/** @throws AppError VALIDATION_ERROR for a window that ends before it begins, in the future, or is too long */
export function windowOf(request: v.InferOutput<typeof ReconciliationRequest>, now: Date): Window {
  const usual = nightlyWindow(now)
  const to = request.to === undefined ? usual.to : new Date(request.to)
  const from = request.from === undefined ? usual.from : new Date(request.from)
  const refuse = (field: string, message: string) =>
    new AppError('VALIDATION_ERROR', 'The request is not valid', [{ field: `body.${field}`, message }])
  if (to > now) throw refuse('to', 'must not be in the future')
  if (from >= to) throw refuse('from', 'must be before the end')
  if (to.getTime() - from.getTime() > maximumDays * 86_400_000) {
    throw refuse('from', `must be at most ${maximumDays} days before the end`)
  }
  return { from, to }
}
