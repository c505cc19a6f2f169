import type { IndicatorType } from '../extraction/types.ts'
import type { Tlp } from '../tlp.ts'
import type { RuleKind } from './schemas.ts'

/** An indicator as rules are written from it. */
export interface RuleIndicator {
  type: IndicatorType
  /** Canonical form. */
  value: string
  tlp: Tlp
  /** 0 to 100. */
  confidence: number
  suppressed: boolean
  /** ISO timestamps. */
  first_seen: string
  valid_until: string
  evidence_ids: readonly string[]
  /** ATT&CK ids that its sources name in the same sentence. */
  techniques: readonly string[]
}

/** What rules are to be written about. */
export interface RuleMaterial {
  /**
   * What stays the same when the rules are written again, for instance the id of the document: their ids hang on it.
   */
  key: string
  /** What they are about, as people call it: goes into titles and descriptions, whatever it holds. */
  subject: string
  /** That of `subject`: the rules' own is no lower. */
  subjectTlp: Tlp
  indicators: readonly RuleIndicator[]
  /** ATT&CK ids of the whole; each rule takes those that its log source can show. */
  techniques: readonly string[]
  /** URLs for readers; what isn't one that all formats can hold is left out. */
  references: readonly string[]
  /** What may go into rules at all; as for blocklists. */
  maximumTlp: Tlp
  minimumConfidence: number
  /** What is no longer valid then stays out. */
  now: Date
}

/** One rule file, ready to be kept. Written again from the same material it is the same, to the character. */
export interface WrittenRule {
  kind: RuleKind
  name: string
  content: string
  techniques: string[]
  tlp: Tlp
  evidenceIds: string[]
}

/** What is wrong with a rule. */
export interface RuleProblem {
  /** Counted from 1; null: the whole. */
  line: number | null
  message: string
}

/** What a rule file says of itself, as far as it could be read. */
export interface RuleReading {
  problems: RuleProblem[]
  /** Names or titles of its rules. */
  names: string[]
  /** ATT&CK ids. */
  techniques: string[]
}
