import { newId } from '../../../ids.ts'
import { relationshipTypesBetween, type SubjectNature } from '../../../intelligence/relationship-types.ts'
import type { Json } from '../../../sql.ts'
import type { NodeContext } from '../../playbook.ts'
import type { DocumentEvidence, EvidenceItem } from '../evidence.ts'

export interface ProposedRelationship {
  id: string
  source_id: string
  source: string
  relationship_type: string
  target_id: string
  target: string
  confidence: number
  evidence_ids: string[]
  sentence: string
}

/** Sentences that name more things than this are lists, and say of no two that they belong together. */
const maximumSubjects = 6
const maximumCharacters = 400
const maximumRelationships = 40

/** Of what is related to what, the first relationship that STIX 2.1 has for the two. */
const wanted = ['uses', 'exploits', 'targets', 'indicates', 'communicates-with'] as const
/** Who does something before what it is done with. */
const order: EvidenceItem['kind'][] = ['actor', 'software', 'indicator', 'technique', 'vulnerability']

/** Proposes that what one sentence names belongs together; how sure that is grows with each sentence that does. */
export async function relate(context: NodeContext): Promise<Json> {
  const { evidence } = context.state.outputs.read as unknown as DocumentEvidence
  context.readUntrusted('sentences of the document')
  const found = new Map<string, ProposedRelationship>()
  for (const items of Map.groupBy(evidence, ({ start, end }) => `${start} ${end}`).values()) {
    const sentence = items[0]!.sentence.replace(/\s+/g, ' ')
    const subjects = [...new Map(items.map((item) => [item.subject_id, item])).values()]
    if (subjects.length > maximumSubjects || sentence.length > maximumCharacters || isDenied(sentence)) continue
    for (const source of subjects) {
      for (const target of subjects) {
        if (order.indexOf(source.kind) >= order.indexOf(target.kind)) continue
        const types = relationshipTypesBetween(natureOf(source), natureOf(target))
        const type = wanted.find((one) => types.includes(one))
        if (type) add(found, source, type, target, sentence)
      }
    }
  }
  const ranked = [...found.values()].sort((a, b) => b.confidence - a.confidence || (a.source < b.source ? -1 : 1))
  return ranked.slice(0, maximumRelationships) as unknown as Json
}

function natureOf({ kind, type, key }: EvidenceItem): SubjectNature {
  return kind === 'indicator' ? { kind, type: type as never } : { kind, external_id: key }
}

function isDenied(sentence: string): boolean {
  return /\b(?:not|no|never|without|neither|nor|unlike|cannot|n't|denied|denies)\b|n['’]t\b/i.test(sentence)
}

function add(
  found: Map<string, ProposedRelationship>,
  source: EvidenceItem,
  type: string,
  target: EvidenceItem,
  sentence: string,
): void {
  const key = `${source.subject_id} ${type} ${target.subject_id}`
  const known = found.get(key)
  const ids = [source.id, target.id]
  if (known) {
    // Independent sentences: 1 − Π(1 − c).
    known.confidence = Math.min(80, Math.round(100 - ((100 - known.confidence) * (100 - 40)) / 100))
    known.evidence_ids = [...new Set([...known.evidence_ids, ...ids])].slice(0, 20)
    return
  }
  found.set(key, {
    id: newId(),
    source_id: source.subject_id,
    source: source.name,
    relationship_type: type,
    target_id: target.subject_id,
    target: target.name,
    confidence: 40,
    evidence_ids: ids,
    sentence,
  })
}
