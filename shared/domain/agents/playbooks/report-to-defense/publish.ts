import type { Json } from '../../../sql.ts'
import type { Tlp } from '../../../tlp.ts'
import type { NodeContext } from '../../playbook.ts'
import type { DocumentEvidence } from '../evidence.ts'
import type { DefensePlan } from './plan.ts'
import type { ProposedRelationship } from './relate.ts'

/** More evidence than this is not named with a rule. */
const maximumEvidence = 500

interface LiveBlocklist {
  id: string
  name: string
  types: string[]
  maximum_tlp: Tlp
  minimum_confidence: number
}

/** Publishes what was approved: the brief, the rules as drafts, the relationships as proposals; and tells of it. */
export async function publish(context: NodeContext): Promise<Json> {
  const { document } = context.state.outputs.read as unknown as DocumentEvidence
  const { draft } = context.state.outputs.guard as { draft: { title: string } & Json }
  const { rules, blocklist } = context.state.outputs.plan as unknown as DefensePlan
  const relationships = context.state.outputs.relate as unknown as ProposedRelationship[]
  const brief = (await context.use('write_brief', { draft, publish: true })) as { id: string }
  const ruleIds: string[] = []
  for (const { kind, content, tlp, evidenceIds } of rules) {
    const evidence_ids = evidenceIds.slice(0, maximumEvidence)
    ruleIds.push(((await context.use('write_rule', { kind, content, tlp, evidence_ids })) as { id: string }).id)
  }
  for (const { source_id, relationship_type, target_id, confidence, evidence_ids } of relationships) {
    await context.use('propose_relationship', { source_id, relationship_type, target_id, confidence, evidence_ids })
  }
  const lists = await context.read(
    (sql) => sql<LiveBlocklist[]>`
      select id, name, types, maximum_tlp, minimum_confidence from blocklists where revoked_at is null order by id limit 100`,
  )
  const values = Object.values(blocklist).reduce((sum, list) => sum + list.length, 0)
  const published = {
    brief_id: brief.id,
    detection_rules: ruleIds.length,
    relationships: relationships.length,
    blocklist_values: values,
    // Blocklists are served from the indicators themselves: these carry what they may of it from now on.
    live_blocklists: lists.map(({ id, name }) => ({ id, name })),
  }
  await context.use('notify', {
    title: `Published: ${draft.title}`.slice(0, 200),
    body: `${ruleIds.length} detection rules, ${relationships.length} proposed relationships and ${values} values to block.`,
  })
  await context.use('publish_event', {
    name: 'report_to_defense.published',
    data: { document_id: document.id, brief_id: brief.id, detection_rules: ruleIds.length },
  })
  return published as unknown as Json
}
