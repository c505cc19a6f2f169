import { AppError } from '../errors.ts'

/** A span of time, ISO 8601, without its end. */
export interface Window {
  from: string
  to: string
}

const dayMilliseconds = 86_400_000
const defaultDays = 7
const maximumDays = 92

/**
 * The span of time that a query asks about: the seven days before now unless it says otherwise.
 * @throws AppError VALIDATION_ERROR when it is empty or longer than 92 days
 */
export function readWindow(query: { from?: string | undefined; to?: string | undefined }, now: Date): Window {
  const to = query.to === undefined ? now : new Date(query.to)
  const from = query.from === undefined ? new Date(to.getTime() - defaultDays * dayMilliseconds) : new Date(query.from)
  const days = (to.getTime() - from.getTime()) / dayMilliseconds
  // A date that does not exist makes no number.
  if (!(days > 0)) throw refuse('must be before `to`')
  if (days > maximumDays) throw refuse(`must be at most ${maximumDays} days before \`to\``)
  return { from: from.toISOString(), to: to.toISOString() }
}

function refuse(message: string): AppError {
  return new AppError('VALIDATION_ERROR', 'The request is not valid', [{ field: 'query.from', message }])
}
