import type { Environment } from '../config.ts'

export interface Misspelt {
  /** A sentence that names the right setting, and shows no value. */
  message: string
  /** Whether the name begins as only our own do; on others it may be another program's. */
  isOurs: boolean
}

/** Beginnings that nothing else around a function uses; `LOG_` and `FUNCTION_` are Google's too. */
const ownPrefixes = [
  'DATABASE_',
  'SUPABASE_',
  'PUSH_',
  'CURSOR_',
  'CORS_',
  'TRUSTED_PROXY_',
  'RATE_LIMIT_',
  'OBJECTS_',
  'CLAMD_',
  'FUNCTIONS_',
  'TASKS_',
  'BUCKET_',
]
/** Shorter names are a typing error away from too much that is none of ours. */
const shortestGuess = 8
const largestDistance = 2

/** Finds names in the environment that are none of the settings but look as if they were meant to be one. */
export function findMisspelt(environment: Environment, settings: readonly string[]): Misspelt[] {
  const known = new Set(settings)
  return Object.keys(environment)
    .filter((name) => environment[name] && !known.has(name) && /^[A-Za-z][A-Za-z0-9_-]{2,63}$/.test(name))
    .sort()
    .flatMap((name) => {
      const isOurs = ownPrefixes.some((prefix) => name.startsWith(prefix))
      const meant = nearest(name, settings)
      if (meant === null && !isOurs) return []
      const hint = meant === null ? '' : `; did you mean ${meant}?`
      return [{ message: `${name}: is no setting of this product${hint}`, isOurs }]
    })
}

/** The setting that was probably meant: the same letters, or a typing error or two away. */
function nearest(name: string, settings: readonly string[]): string | null {
  const letters = lettersOf(name)
  const same = settings.find((setting) => lettersOf(setting) === letters)
  if (same) return same
  if (letters.length < shortestGuess) return null
  const near = settings
    .map((setting) => ({ setting, distance: levenshtein(letters, lettersOf(setting)) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return near && near.distance <= largestDistance ? near.setting : null
}

function lettersOf(name: string): string {
  return name.replaceAll(/[_-]/g, '').toUpperCase()
}

/** Least number of letters to insert, remove or replace (Levenshtein 1966). */
function levenshtein(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
