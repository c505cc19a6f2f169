import { tacticsOf, techniqueById } from '../attack/catalogue.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { strictest, type Tlp, tlpLevels } from '../tlp.ts'
import type { Sight } from './sight.ts'
import type { RuleIndicator, RuleMaterial } from './types.ts'

/**
 * The indicators that may go into rules, as for blocklists: not suppressed, still valid, sure enough and free enough.
 * In a stable order, each value once.
 */
export function usableIndicators(material: RuleMaterial, types: readonly IndicatorType[]): RuleIndicator[] {
  const usable = material.indicators.filter(
    (indicator) =>
      types.includes(indicator.type) &&
      !indicator.suppressed &&
      indicator.confidence >= material.minimumConfidence &&
      new Date(indicator.valid_until) > material.now &&
      isUpTo(indicator.tlp, material.maximumTlp) &&
      isUpTo(material.subjectTlp, material.maximumTlp),
  )
  const byValue = new Map(usable.map((indicator) => [`${indicator.type}\n${indicator.value}`, indicator]))
  return [...byValue].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, indicator]) => indicator)
}

function isUpTo(level: Tlp, maximum: Tlp): boolean {
  return tlpLevels.indexOf(level) <= tlpLevels.indexOf(maximum)
}

/** What a rule says of itself, from what went into it. */
export interface RuleFacts {
  techniques: string[]
  tlp: Tlp
  evidenceIds: string[]
  /** YYYY-MM-DD: when the newest of it was first seen, so that the same rule is the same tomorrow. */
  date: string
  /** The lowest of what went into it. */
  confidence: number
}

/** @param sight of the log, sensor or scanner that the rule is for */
export function factsOf(material: RuleMaterial, indicators: readonly RuleIndicator[], sight: Sight): RuleFacts {
  const ofReport = material.techniques.filter((id) => isShown(id, sight.techniques))
  const ofSentences = indicators.flatMap((indicator) =>
    indicator.techniques.filter((id) => tacticsOf(id).some(({ shortname }) => sight.tactics.includes(shortname))),
  )
  const known = [...ofReport, ...ofSentences].flatMap((id) => techniqueById(id)?.id ?? [])
  const dates = indicators.map(({ first_seen }) => new Date(first_seen).toISOString().slice(0, 10))
  return {
    techniques: [...new Set(known)].sort(),
    tlp: strictest([material.subjectTlp, ...indicators.map(({ tlp }) => tlp)]) ?? material.subjectTlp,
    evidenceIds: [...new Set(indicators.flatMap(({ evidence_ids }) => evidence_ids))].sort(),
    date: dates.sort().at(-1) ?? material.now.toISOString().slice(0, 10),
    confidence: Math.min(...indicators.map(({ confidence }) => confidence)),
  }
}

function isShown(id: string, shown: readonly string[]): boolean {
  const technique = techniqueById(id)
  return technique !== undefined && (shown.includes(technique.id) || shown.includes(technique.parentId ?? ''))
}
