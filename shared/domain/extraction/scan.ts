import type { HostFacts } from './hosts.ts'
import { Run } from './run.ts'
import type { IndicatorType, Suppression } from './types.ts'

/** How a mention stands in the text: by itself, or as the host within a larger mention. */
export type Role = 'own' | 'url-host' | 'email-host' | 'port-host'

/** A mention as the scanner leaves it, before it is weighed against the warning lists. */
export interface Candidate {
  type: IndicatorType
  value: string
  start: number
  end: number
  defanged: boolean
  role: Role
  /** Facts of the host that the mention names, for domains, URLs and e-mail addresses. */
  facts: HostFacts | null
  /** IPv4 or IPv6 address of the host, for URLs on an address. */
  address: string | null
  suppressed: Suppression | null
}

/** A pass is synchronous, so all share two runs instead of making their arrays anew. */
const RUN = new Run()
const AHEAD = new Run()

/** State of one pass over a text. */
export class Scan {
  readonly text: string
  readonly found: Candidate[] = []
  /** The run under the cursor. */
  readonly run = RUN
  /** A run read ahead (host of an e-mail address or URL). */
  readonly ahead = AHEAD
  /** Offset behind the last mention that was consumed; look-behind stops here. */
  floor = 0
  /** Offset up to which a list under a heading has been read. */
  listedTo = 0

  /** Offset up to which a header's value turned out to be prose. */
  proseTo = 0
  /** Offset up to which an opened bracket was not closed. */
  openTo = 0
  /** Stretch that is known to hold neither a line end nor the closer of a quote, so that it is not searched again. */
  readonly unclosed = { closer: '', from: 0, to: 0 }
  /** Last line end that was looked for, and from where. */
  readonly line = { from: 0, to: -1 }

  constructor(text: string) {
    this.text = text
  }

  /** Records a mention; values and offsets must be final. */
  add(
    type: IndicatorType,
    value: string,
    start: number,
    end: number,
    defanged = false,
    role: Role = 'own',
    facts: HostFacts | null = null,
    address: string | null = null,
  ): Candidate {
    const candidate: Candidate = { type, value, start, end, defanged, role, facts, address, suppressed: null }
    this.found.push(candidate)
    if (end > this.floor) this.floor = end
    return candidate
  }
}
