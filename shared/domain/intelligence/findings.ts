import { createHash } from 'node:crypto'
import type { Extraction, IndicatorType } from '../extraction/types.ts'
import { newId } from '../ids.ts'
import { storableText } from '../plain-text.ts'
import { confidenceOf } from './confidence.ts'
import { sentenceAround } from './sentence.ts'

export const entityKinds = ['technique', 'actor', 'software', 'vulnerability'] as const
export type EntityKind = (typeof entityKinds)[number]

/** An indicator or entity as a document names it, once however often it is mentioned. */
export type Subject =
  | { id: string; kind: 'indicator'; type: IndicatorType; value: string; value_sha256: string }
  | { id: string; kind: EntityKind; external_id: string; name: string }

/** One mention of a subject. */
export interface Finding {
  id: string
  /** Id proposed for the subject; the organization may know it under another. */
  subject_id: string
  page: number | null
  start_offset: number
  end_offset: number
  quote: string
  sentence: string
  how: string
  defanged: boolean
  suppressed_reason: string | null
  suppressed_list: string | null
  confidence: number
}

/** How sure a named thing is by how it was named. */
const entityConfidence: Record<string, number> = { id: 95, name: 80, alias: 70, phrase: 55 }

const maximumQuote = 500

export interface Findings {
  subjects: Subject[]
  findings: Finding[]
}

/** Turns what the engine found in a text into subjects and the evidence for each. */
export function toFindings(text: string, extraction: Extraction): Findings {
  const subjects = new Map<string, Subject>()
  const findings: Finding[] = []

  const add = (subject: Subject, key: string, finding: Omit<Finding, 'id' | 'subject_id' | 'quote' | 'sentence'>) => {
    const known = subjects.get(key) ?? subject
    subjects.set(key, known)
    findings.push({
      id: newId(),
      subject_id: known.id,
      ...finding,
      quote: storableText(text.slice(finding.start_offset, finding.end_offset).slice(0, maximumQuote)),
      sentence: storableText(sentenceAround(text, finding.start_offset, finding.end_offset)),
    })
  }

  const confidence = confidenceOf(extraction.indicators)
  for (const [index, mention] of extraction.indicators.entries()) {
    const { type, value } = mention
    add(
      {
        id: newId(),
        kind: 'indicator',
        type,
        value,
        value_sha256: createHash('sha256').update(value).digest('hex'),
      },
      `${type}\n${value}`,
      {
        page: mention.page,
        start_offset: mention.start,
        end_offset: mention.end,
        how: 'pattern',
        defanged: mention.defanged,
        suppressed_reason: mention.suppressed?.reason ?? null,
        suppressed_list: mention.suppressed?.list ?? null,
        confidence: confidence[index]!,
      },
    )
  }
  const named = [
    ['technique', extraction.techniques],
    ['actor', extraction.actors],
    ['software', extraction.software],
    ['vulnerability', extraction.vulnerabilities],
  ] as const
  for (const [kind, mentions] of named) {
    for (const mention of mentions) {
      add({ id: newId(), kind, external_id: mention.id, name: mention.name }, `${kind}\n${mention.id}`, {
        page: mention.page,
        start_offset: mention.start,
        end_offset: mention.end,
        how: mention.how,
        defanged: false,
        suppressed_reason: null,
        suppressed_list: null,
        confidence: entityConfidence[mention.how] ?? 50,
      })
    }
  }
  return { subjects: [...subjects.values()], findings }
}
