import { hash as digestOf } from 'node:crypto'

/** One link of an organization's chain, which stands for all entries up to its number. */
export interface Link {
  sequence: number
  /** SHA-256 in hexadecimal digits. */
  hash: string
}

/** An entry as it was found: its link, and the canonical text of its fields as they are now. */
export interface ChainEntry extends Link {
  text: string
}

/** What stands before the first entry. */
export const genesis: Link = { sequence: 0, hash: '0'.repeat(64) }

/**
 * What can be wrong with a chain. `edited`: an entry's fields don't give its hash. `missing`: a number is left out.
 * `out_of_order`: entries stand in each other's place, or two have one number. `truncated`: the head is further than the
 * last entry. `head_mismatch`: the head is not of the last entry. `unanchored`: it does not contain a link that is known
 * from elsewhere.
 */
export const faults = ['edited', 'missing', 'out_of_order', 'truncated', 'head_mismatch', 'unanchored'] as const
export type Fault = (typeof faults)[number]

export interface Verdict {
  /** Null: no fault so far, and not at the end yet. */
  valid: boolean | null
  /** How many entries were looked at and right. */
  entries: number
  head: Link | null
  /** The last link that is right. */
  verified: Link
  /** The number of the first entry that is wrong or gone. */
  broken_at: number | null
  reason: Fault | null
}

/**
 * The link of an entry: its hash is SHA-256 over the hash before it, its number (8 bytes, big-endian), and the SHA-256 of
 * its canonical text. PostgreSQL's `append_audit` computes the same.
 */
export function linkOf(before: Link, sequence: number, text: string): Link {
  const bytes = Buffer.alloc(72)
  bytes.write(before.hash, 0, 32, 'hex')
  bytes.writeBigInt64BE(BigInt(sequence), 32)
  digestOf('sha256', text, 'buffer').copy(bytes, 40)
  return { sequence, hash: digestOf('sha256', bytes, 'hex') }
}

/** Goes along a chain page by page and stops at the first fault. */
export class ChainVerifier {
  readonly #anchor: Link | null
  #last: Link
  #entries = 0
  #fault: { sequence: number; reason: Fault } | null = null

  /**
   * @param from the link to start after, known to be right
   * @param anchor a link known from elsewhere that the chain must contain, not before `from`
   */
  constructor(from: Link = genesis, anchor: Link | null = null) {
    this.#last = from
    this.#anchor = anchor
    this.#checkAnchor()
  }

  get isBroken(): boolean {
    return this.#fault !== null
  }

  /** @param page the next entries, in the order in which they are kept */
  accept(page: readonly ChainEntry[]): void {
    for (const [index, entry] of page.entries()) {
      if (this.#fault) return
      this.#fault = this.#faultOf(entry, () => page.slice(index + 1))
      if (this.#fault) return
      this.#last = { sequence: entry.sequence, hash: entry.hash }
      this.#entries++
      this.#checkAnchor()
    }
  }

  /** The verdict on what was accepted so far, when the end has not been reached. */
  soFar(head: Link | null): Verdict {
    return {
      valid: this.#fault ? false : null,
      entries: this.#entries,
      head,
      verified: this.#last,
      broken_at: this.#fault?.sequence ?? null,
      reason: this.#fault?.reason ?? null,
    }
  }

  /** The verdict when all entries were accepted. @param head what the head says; null when there is none */
  finish(head: Link | null): Verdict {
    this.#fault ??= this.#faultOfHead(head ?? genesis)
    return { ...this.soFar(head), valid: this.#fault === null }
  }

  #faultOf(entry: ChainEntry, following: () => readonly ChainEntry[]) {
    const sequence = this.#last.sequence + 1
    if (entry.sequence < sequence) return { sequence: entry.sequence, reason: 'out_of_order' as const }
    const expected = entry.sequence === sequence ? linkOf(this.#last, sequence, entry.text) : null
    if (expected?.hash === entry.hash) return null
    // Whether what belongs here stands further on, with its own hash or with the one of its new place.
    const isDisplaced = following().some((other) => {
      const { hash } = linkOf(this.#last, sequence, other.text)
      return hash === other.hash || hash === entry.hash
    })
    if (isDisplaced) return { sequence, reason: 'out_of_order' as const }
    return { sequence, reason: entry.sequence > sequence ? ('missing' as const) : ('edited' as const) }
  }

  #faultOfHead(head: Link): { sequence: number; reason: Fault } | null {
    const last = this.#last
    if (head.sequence > last.sequence) return { sequence: last.sequence + 1, reason: 'truncated' }
    if (head.sequence < last.sequence) return { sequence: head.sequence + 1, reason: 'head_mismatch' }
    if (head.hash !== last.hash) return { sequence: last.sequence, reason: 'head_mismatch' }
    if (this.#anchor && this.#anchor.sequence > last.sequence) {
      return { sequence: last.sequence + 1, reason: 'unanchored' }
    }
    return null
  }

  #checkAnchor(): void {
    if (this.#anchor?.sequence !== this.#last.sequence || this.#anchor.hash === this.#last.hash) return
    this.#fault = { sequence: this.#last.sequence, reason: 'unanchored' }
  }
}
