/** `open`: not asked; `trying`: one call is let through to see whether it works again. */
export type CircuitState = 'closed' | 'open' | 'trying'

/** Leave to ask a model once; whoever has it says how the call ended. */
export interface Permit {
  /** The provider answered, whatever it said. */
  succeeded(): void
  /** The provider did not answer, or said that it can't now. */
  failed(): void
  /** The call ended without saying anything of the provider: it was cancelled, or never sent. */
  left(): void
}

interface Circuit {
  /** In a row. */
  failures: number
  /** When it opened last; null: it is closed. */
  openedAt: number | null
  openMilliseconds: number
  trial: Permit | null
}

const failuresToOpen = 5
const firstOpenMilliseconds = 15_000
const longestOpenMilliseconds = 5 * 60_000

/**
 * Knows for each model of this process whether it is worth asking. Five failures in a row open a circuit for 15 s; then
 * one call tries, and each time that it fails the circuit stays open for twice as long, at most five minutes.
 */
export class CircuitBreakers {
  readonly #clock: () => number
  readonly #circuits = new Map<string, Circuit>()

  /** @param clock milliseconds of a clock that only goes forward */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Leave to ask a model now, or null while its circuit is open. */
  enter(model: string): Permit | null {
    const circuit = this.#circuits.get(model)
    if (circuit && circuit.openedAt !== null && (circuit.trial || this.waitSeconds(model) > 0)) return null
    const permit: Permit = {
      succeeded: () => void this.#circuits.delete(model),
      failed: () => this.#failed(model, permit),
      left: () => {
        const current = this.#circuits.get(model)
        if (current?.trial === permit) current.trial = null
      },
    }
    if (circuit && circuit.openedAt !== null) circuit.trial = permit
    return permit
  }

  /** Seconds until the model may be tried again; 0 when it may be asked. */
  waitSeconds(model: string): number {
    const circuit = this.#circuits.get(model)
    if (!circuit || circuit.openedAt === null) return 0
    return Math.max(0, Math.ceil((circuit.openedAt + circuit.openMilliseconds - this.#clock()) / 1000))
  }

  state(model: string): CircuitState {
    const circuit = this.#circuits.get(model)
    if (!circuit || circuit.openedAt === null) return 'closed'
    return circuit.trial ? 'trying' : 'open'
  }

  #failed(model: string, permit: Permit): void {
    const known = this.#circuits.get(model)
    const circuit = known ?? { failures: 0, openedAt: null, openMilliseconds: firstOpenMilliseconds, trial: null }
    if (!known) this.#circuits.set(model, circuit)
    circuit.failures++
    if (circuit.trial === permit) {
      circuit.trial = null
      circuit.openMilliseconds = Math.min(2 * circuit.openMilliseconds, longestOpenMilliseconds)
      circuit.openedAt = this.#clock()
    } else if (circuit.openedAt === null && circuit.failures >= failuresToOpen) {
      circuit.openedAt = this.#clock()
    }
  }
}
