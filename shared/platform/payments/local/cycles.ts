/** India has one time zone and no summer time. */
const offsetSeconds = 5.5 * 3600

/**
 * The beginning of a cycle: `count` months or years after the first, at the same time of day in India; a day that a
 * month doesn't have becomes its last.
 * @param anchor - beginning of the first, in seconds since 1970
 */
export function cycleStart(anchor: number, period: 'monthly' | 'yearly', count: number): number {
  const first = new Date((anchor + offsetSeconds) * 1000)
  const month = first.getUTCMonth() + (period === 'monthly' ? count : 12 * count)
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), month + 1, 0)).getUTCDate()
  const midnight = Date.UTC(first.getUTCFullYear(), month, Math.min(first.getUTCDate(), lastDay))
  const timeOfDay = (anchor + offsetSeconds) % 86_400
  return midnight / 1000 + timeOfDay - offsetSeconds
}
