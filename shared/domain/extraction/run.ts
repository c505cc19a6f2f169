import {
  ALPHANUMERIC,
  CLASS,
  HYPHEN,
  IGNORED,
  LABEL,
  UNSPACED_LETTER,
  WIDE,
  WIDE_HYPHEN,
  WIDE_HYPHEN_MARK,
  WIDE_IGNORED,
  WIDE_LETTER,
  WIDE_SPACED,
  WIDE_UNSPACED,
  withoutIgnored,
} from './characters.ts'
import { defangedDot, dotAt, spelledDot } from './defang.ts'

/** A host name has at most 127 labels (RFC 1035: 255 octets); a run with more is scanned to its end but is no host. */
const MOST_LABELS = 127
/** Spelled dots (`a dot b`) are tried this often in one run, so that text made of them stays linear. */
const MOST_SPELLED = 6

/** A maximal sequence of labels joined by dots, plain or defanged. Reused between scans: copy what must outlive one. */
export class Run {
  start = 0
  /** Exclusive. */
  end = 0
  count = 0
  /** Class bits of all labels together. */
  mask = 0
  defanged = false
  spelled = false
  overflow = false
  readonly labelStart = new Int32Array(MOST_LABELS + 1)
  readonly labelEnd = new Int32Array(MOST_LABELS + 1)
  readonly labelMask = new Int32Array(MOST_LABELS + 1)
  /** Whether the dot before the label was written defanged. */
  readonly dotDefanged = new Uint8Array(MOST_LABELS + 1)
  /** Whether it was spelled out or set apart by spaces. */
  readonly dotSpelled = new Uint8Array(MOST_LABELS + 1)

  /** Text of one label as written, without invisible characters. */
  label(text: string, index: number): string {
    const value = text.slice(this.labelStart[index]!, this.labelEnd[index]!)
    return (this.labelMask[index]! & (IGNORED | WIDE_HYPHEN_MARK)) === 0 ? value : withoutIgnored(value)
  }

  /** Labels `from` (inclusive) to `to` (exclusive) joined by plain dots. */
  join(text: string, from = 0, to = this.count): string {
    if (!this.defanged && (this.mask & (IGNORED | WIDE_HYPHEN_MARK)) === 0) {
      return text.slice(this.labelStart[from]!, this.labelEnd[to - 1]!)
    }
    let out = this.label(text, from)
    for (let i = from + 1; i < to; i++) out += `.${this.label(text, i)}`
    return out
  }

  /** Whether any dot between labels `from` and `to` (exclusive) is defanged. */
  isDefanged(from: number, to: number): boolean {
    for (let i = from + 1; i < to; i++) if (this.dotDefanged[i] === 1) return true
    return false
  }

  /** Ends the run before a label. */
  cut(label: number): void {
    this.count = label
    this.end = this.labelEnd[label - 1]!
    this.overflow = false
    this.spelled = false
    this.defanged = this.isDefanged(0, label)
    this.mask = 0
    for (let i = 0; i < label; i++) this.mask |= this.labelMask[i]!
  }

  /**
   * Scans the run that starts at an offset.
   *
   * @param text whole text
   * @param from offset of the run's first character
   * @returns the offset after the run (equal to `from` when there is none)
   */
  scan(text: string, from: number): number {
    this.start = from
    this.count = 0
    this.mask = 0
    this.defanged = false
    this.spelled = false
    this.overflow = false
    let spelledCount = 0
    let at = from
    let viaDefanged = 0
    let viaSpelled = 0
    for (;;) {
      const labelFrom = at
      let mask = 0
      for (;;) {
        const code = text.charCodeAt(at)
        if (code < 128) {
          const bits = CLASS[code]! & LABEL
          // A word of an unspaced script ends where ASCII begins.
          if (bits === 0 || (mask & UNSPACED_LETTER) !== 0) break
          mask |= bits
        } else {
          const wide = WIDE[code]
          if (wide === WIDE_SPACED) {
            if ((mask & UNSPACED_LETTER) !== 0) break
            mask |= WIDE_LETTER
          } else if (wide === WIDE_UNSPACED) {
            if (mask !== 0 && (mask & (ALPHANUMERIC | WIDE_LETTER)) !== 0) break
            mask |= UNSPACED_LETTER
          } else if (wide === WIDE_IGNORED) mask |= IGNORED
          else if (wide === WIDE_HYPHEN) mask |= WIDE_HYPHEN_MARK | HYPHEN
          else break
        }
        at++
      }
      if (at === labelFrom) break
      if (this.count < MOST_LABELS) {
        this.labelStart[this.count] = labelFrom
        this.labelEnd[this.count] = at
        this.labelMask[this.count] = mask
        this.dotDefanged[this.count] = viaDefanged
        this.dotSpelled[this.count] = viaSpelled
        this.count++
      } else this.overflow = true
      this.mask |= mask
      this.end = at
      const next = dotAt(text, at)
      if (next < 0) break
      if (spelledDot) {
        if (++spelledCount > MOST_SPELLED) break
        this.spelled = true
      }
      viaDefanged = defangedDot ? 1 : 0
      viaSpelled = spelledDot ? 1 : 0
      if (defangedDot) this.defanged = true
      at = next
    }
    if (this.count === 0) {
      this.end = from
      return from
    }
    return this.end
  }
}
