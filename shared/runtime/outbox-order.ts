/** What there is to know of a message to keep its order. */
export interface OrderedRow {
  id: string
  org_id: string
  target: string
  ordering_key: string | null
}

/** Messages of one chain reach the bus in their order; null: this one is in none. */
export function chainOf({ org_id, target, ordering_key }: OrderedRow): string | null {
  return ordering_key === null ? null : JSON.stringify([org_id, target, ordering_key])
}

/**
 * Leaves out what would overtake a message of its chain that somebody else is about to send.
 * @param rows what may be sent, in order
 * @param waiting everything of their chains that waits, in order
 */
export function withoutOvertaking<Row extends OrderedRow>(rows: readonly Row[], waiting: readonly OrderedRow[]): Row[] {
  const ids = new Set(rows.map(({ id }) => id))
  const held = new Set<string | null>()
  const mayGo = new Set(rows.filter((row) => chainOf(row) === null).map(({ id }) => id))
  for (const row of waiting) {
    const chain = chainOf(row)
    if (!ids.has(row.id)) held.add(chain)
    else if (!held.has(chain)) mayGo.add(row.id)
  }
  return rows.filter(({ id }) => mayGo.has(id))
}

export interface Sending<Row> {
  /** Sends all of these, in their order within a chain; when it fails, any of them may have got through. */
  send(rows: readonly Row[]): Promise<void>
  /** Told of a message that failed on its own. */
  refused(row: Row, error: unknown): void
  /** Attempts in all. */
  tries: number
  /** Whether there is no time for another attempt. */
  isOver(): boolean
}

/**
 * Sends messages together, and in ever smaller parts when that fails, so that one that is refused holds back no others
 * than those behind it in its chain.
 * @param rows in order
 * @returns what was sent
 */
export async function sendWhatCanBeSent<Row extends OrderedRow>(
  rows: readonly Row[],
  { send, refused, tries, isOver }: Sending<Row>,
): Promise<Row[]> {
  const sent: Row[] = []
  /** Chains of which something was refused; not null, which is none. */
  const held = new Set<string | null>()
  /** What is still to be tried, the first part last. */
  const parts: Row[][] = [[...rows]]
  for (let left = tries; left > 0 && parts.length > 0 && !isOver(); ) {
    const part = parts.pop()!.filter((row) => !held.has(chainOf(row)))
    const [first] = part
    if (!first) continue
    left--
    try {
      await send(part)
      sent.push(...part)
    } catch (error) {
      if (part.length === 1) {
        refused(first, error)
        const chain = chainOf(first)
        if (chain !== null) held.add(chain)
      } else {
        const middle = part.length >> 1
        parts.push(part.slice(middle), part.slice(0, middle))
      }
    }
  }
  return sent
}
