import type { Draft } from '#shared/domain/claims/types.ts'
import type { Evidence } from '#shared/domain/intelligence/schemas.ts'
import type { ExampleWorld } from '#shared/runtime/examples.ts'
import { call } from '../setup/product.ts'

/** What examples need of what is written from intelligence, made when it is asked for. */
export function createWritings(
  url: string,
  token: string,
  documentId: string,
): Pick<
  ExampleWorld,
  | 'readEvidence'
  | 'newBriefDraft'
  | 'newBrief'
  | 'newBriefComment'
  | 'newDetectionRule'
  | 'newRelationshipDraft'
  | 'newRelationship'
> {
  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await call(url, method, path, { token, ...(body === undefined ? {} : { body }) })
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  const readEvidence = async (): Promise<Evidence> => {
    const { data } = await send('GET', `/v1/evidence?document_id=${documentId}&page[size]=100`)
    return data.find((evidence: Evidence) => evidence.indicator_id !== null && evidence.suppressed_reason === null)
  }
  const newBriefDraft = async (): Promise<Draft> => {
    const { id, document_id, start, end, quote } = await readEvidence()
    const citation = { evidence_id: id, document_id, start, end, quote }
    const claims = [
      { text: 'The implant calls a server.', citations: [citation] },
      { text: 'It may be back.', citations: [] },
    ]
    return { title: 'Ransomware at the door', tlp: 'RED', sections: [{ heading: 'What happened', claims }] }
  }
  const newBrief = async () => (await send('POST', '/v1/briefs', await newBriefDraft())).id
  let proposed = 0
  const newRelationshipDraft = async () => {
    const { id, indicator_id } = await readEvidence()
    const named = await Promise.all(
      ['software', 'actors'].map((list) => send('GET', `/v1/${list}?document_id=${documentId}`)),
    )
    // Another one each time, as long as there are any.
    const targets = named.flatMap(({ data }) => data)
    const target = targets[proposed++ % targets.length]
    return {
      source_id: indicator_id ?? '',
      relationship_type: 'indicates',
      target_id: target.id,
      evidence_ids: [id],
    }
  }

  return {
    readEvidence,
    newBriefDraft,
    newBrief,
    async newBriefComment(briefId) {
      const brief_id = briefId ?? (await newBrief())
      const comment = await send('POST', `/v1/briefs/${brief_id}/comments`, { body: 'Well said' })
      return { brief_id, comment_id: comment.id }
    },
    async newDetectionRule() {
      const content = `rule Made { strings: $a = "${crypto.randomUUID()}" condition: $a }`
      return (await send('POST', '/v1/detection-rules', { kind: 'yara', content })).id
    },
    newRelationshipDraft,
    newRelationship: async () => (await send('POST', '/v1/relationships', await newRelationshipDraft())).id,
  }
}
