import { ACCESS_AND_IMPACT_PHRASES } from './phrases/access-and-impact.ts'
import { COLLECTION_PHRASES } from './phrases/collection-and-exfiltration.ts'
import { COMMAND_AND_CONTROL_PHRASES } from './phrases/command-and-control.ts'
import { DISCOVERY_PHRASES } from './phrases/credentials-and-discovery.ts'
import { EVASION_PHRASES } from './phrases/evasion.ts'
import { EXECUTION_PHRASES } from './phrases/execution.ts'
import { OBFUSCATION_PHRASES } from './phrases/obfuscation.ts'
import { PERSISTENCE_PHRASES } from './phrases/persistence-and-privilege.ts'
import type { PhraseRule } from './phrases/rule.ts'

export { PHRASE_CLASSES } from './phrases/classes.ts'
export { PHRASE_WEIGHTS, type PhraseRule } from './phrases/rule.ts'

/** Every phrase that describes a technique, by tactic. */
export const PHRASES: readonly PhraseRule[] = [
  ...ACCESS_AND_IMPACT_PHRASES,
  ...EXECUTION_PHRASES,
  ...PERSISTENCE_PHRASES,
  ...EVASION_PHRASES,
  ...OBFUSCATION_PHRASES,
  ...DISCOVERY_PHRASES,
  ...COLLECTION_PHRASES,
  ...COMMAND_AND_CONTROL_PHRASES,
]
