import * as v from 'valibot'
import { attackVersion } from '../attack/catalogue.ts'
import type { Coverage, TechniqueCoverage } from './coverage.ts'

const Metadata = v.strictObject({ name: v.string(), value: v.string() })

/** A layer of the ATT&CK Navigator (layer file format 4.5), as far as it is written here. */
export const NavigatorLayer = v.strictObject({
  name: v.string(),
  versions: v.strictObject({ attack: v.string(), navigator: v.string(), layer: v.literal('4.5') }),
  domain: v.literal('enterprise-attack'),
  description: v.string(),
  sorting: v.number(),
  layout: v.strictObject({
    layout: v.string(),
    showName: v.boolean(),
    showID: v.boolean(),
    expandedSubtechniques: v.string(),
  }),
  hideDisabled: v.boolean(),
  techniques: v.array(
    v.strictObject({
      techniqueID: v.string(),
      score: v.number(),
      color: v.string(),
      comment: v.string(),
      enabled: v.boolean(),
      metadata: v.array(Metadata),
      showSubtechniques: v.boolean(),
    }),
  ),
  gradient: v.strictObject({ colors: v.array(v.string()), minValue: v.number(), maxValue: v.number() }),
  legendItems: v.array(v.strictObject({ label: v.string(), color: v.string() })),
  metadata: v.array(Metadata),
  selectTechniquesAcrossTactics: v.boolean(),
  selectSubtechniquesWithParent: v.boolean(),
})
export type NavigatorLayer = v.InferInput<typeof NavigatorLayer>

/** What a technique's color says; ColorBrewer's diverging scheme, told apart also by those who see no red. */
const legend = {
  gap: { label: 'Seen in documents, no rule', color: '#f4a582' },
  draft: { label: 'Seen in documents, rules are drafts', color: '#fddbc7' },
  covered: { label: 'Seen in documents, with an active rule', color: '#92c5de' },
  ruled: { label: 'A rule, not seen in documents', color: '#d1e5f0' },
} as const

function meaningOf(technique: TechniqueCoverage): keyof typeof legend {
  if (technique.documents === 0) return 'ruled'
  if (technique.rules > 0) return 'covered'
  return technique.draft_rules > 0 ? 'draft' : 'gap'
}

/**
 * Draws coverage as a layer: colors say whether a technique is covered, scores how wide its gap is.
 * @param name shown on the layer's tab
 */
export function toNavigatorLayer(coverage: Coverage, name: string): NavigatorLayer {
  const widest = Math.max(0, ...coverage.techniques.map(({ gap_score }) => gap_score))
  return {
    name,
    versions: { attack: /\d+/.exec(attackVersion)?.[0] ?? '18', navigator: '5.1.0', layer: '4.5' },
    domain: 'enterprise-attack',
    description: `${coverage.covered} of ${coverage.seen} techniques that documents name have an active rule. TLP:${coverage.tlp}`,
    sorting: 3,
    layout: { layout: 'side', showName: true, showID: true, expandedSubtechniques: 'annotated' },
    hideDisabled: false,
    techniques: coverage.techniques.map((technique) => ({
      techniqueID: technique.technique_id,
      score: technique.gap_score,
      color: legend[meaningOf(technique)].color,
      comment: legend[meaningOf(technique)].label,
      enabled: true,
      metadata: [
        { name: 'Documents', value: String(technique.documents) },
        { name: 'Actors', value: String(technique.actors) },
        { name: 'Active rules', value: String(technique.rules) },
        { name: 'Draft rules', value: String(technique.draft_rules) },
        ...(technique.last_seen === null ? [] : [{ name: 'Last seen', value: technique.last_seen.slice(0, 10) }]),
      ],
      showSubtechniques: true,
    })),
    gradient: { colors: ['#ffffff', legend.gap.color], minValue: 0, maxValue: Math.max(1, Math.ceil(widest)) },
    legendItems: Object.values(legend).map((item) => ({ ...item })),
    metadata: [
      { name: 'TLP', value: coverage.tlp },
      { name: 'Attribution', value: coverage.attribution },
    ],
    selectTechniquesAcrossTactics: true,
    selectSubtechniquesWithParent: false,
  }
}
