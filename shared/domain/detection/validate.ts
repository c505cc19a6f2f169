import type { RuleKind } from './schemas.ts'
import type { RuleReading } from './types.ts'
import { inspectSigma } from './validate-sigma.ts'
import { inspectSuricata } from './validate-suricata.ts'
import { inspectYara } from './validate-yara.ts'

const inspectors: Readonly<Record<RuleKind, (content: string) => RuleReading>> = {
  sigma: inspectSigma,
  suricata: inspectSuricata,
  yara: inspectYara,
}

/** Reads a rule file as its tool would, without running it, and says all that is wrong with it. */
export function inspectRule(kind: RuleKind, content: string): RuleReading {
  return inspectors[kind](content)
}
