import { createHash } from 'node:crypto'
import { techniqueById } from '../attack/catalogue.ts'
import { AppError, type ErrorDetail, notFound } from '../errors.ts'
import type { Json, Sql } from '../sql.ts'
import { strictest, type Tlp, tlpLevels } from '../tlp.ts'
import type { Rule, RuleKind, RuleStatus } from './schemas.ts'
import { readRule } from './stored-rules.ts'
import { inspectRule } from './validate.ts'

export interface NewRule {
  /** Made by the caller: creating it again answers the rule that is there. */
  id: string
  orgId: string
  workspaceId: string
  kind: RuleKind
  /** Null: what the rule calls itself. */
  name: string | null
  content: string
  /** ATT&CK ids; null: what the rule itself says. */
  techniques: readonly string[] | null
  tlp: Tlp
  status: RuleStatus
  /** What it rests on; all of it must be visible here. */
  evidenceIds: readonly string[]
  runId: string | null
  createdBy: string | null
}

/**
 * Keeps a rule that is valid. The same content of the same kind is one rule in a workspace: what is written again is the
 * rule that is there, resting on more evidence.
 *
 * @returns the rule, and whether it is new
 * @throws AppError VALIDATION_ERROR when the rule can't be right, its evidence is unknown or above its TLP
 */
export async function createRule(sql: Sql, rule: NewRule): Promise<{ rule: Rule; created: boolean }> {
  const { name, techniques, yaraNames } = checkRule(rule)
  const evidenceIds = [...new Set(rule.evidenceIds)]
  await checkEvidence(sql, evidenceIds, rule.tlp)
  const sha256 = createHash('sha256').update(rule.content).digest('hex')
  const [made] = await sql<{ id: string }[]>`
    insert into detection_rules (id, org_id, workspace_id, kind, name, content, sha256, yara_names, techniques,
      tlp, status, run_id, created_by)
    values (${rule.id}, ${rule.orgId}, ${rule.workspaceId}, ${rule.kind}, ${name}, ${rule.content},
      decode(${sha256}, 'hex'), ${sql.json(yaraNames)}, ${sql.json(techniques)}, ${rule.tlp}, ${rule.status}, ${rule.runId}, ${rule.createdBy})
    on conflict do nothing
    returning id`
  const id = made?.id ?? (await knownRule(sql, rule, sha256))
  if (evidenceIds.length > 0) {
    await sql`
      insert into detection_rule_evidence (org_id, workspace_id, rule_id, evidence_id)
      select ${rule.orgId}::uuid, ${rule.workspaceId}::uuid, ${id}::uuid, value::uuid
      from jsonb_array_elements_text(${sql.json(evidenceIds)})
      on conflict do nothing`
  }
  return { rule: await readRule(sql, id), created: made !== undefined }
}

/** The rule that an insert met: of the same id, or of the same content; one of a lower TLP is raised. */
async function knownRule(sql: Sql, rule: NewRule, sha256: string): Promise<string> {
  const [known] = await sql<{ id: string; tlp: Tlp }[]>`
    select id, tlp from detection_rules
    where id = ${rule.id}
      or workspace_id = ${rule.workspaceId} and kind = ${rule.kind} and sha256 = decode(${sha256}, 'hex')
    order by (id = ${rule.id}) desc limit 1
    for update`
  if (!known) throw notFound('Detection rule')
  if (tlpLevels.indexOf(known.tlp) < tlpLevels.indexOf(rule.tlp)) {
    await sql`update detection_rules set tlp = ${rule.tlp}, updated_at = now() where id = ${known.id}`
  }
  return known.id
}

function checkRule(rule: NewRule): { name: string; techniques: string[]; yaraNames: string[] } {
  const reading = inspectRule(rule.kind, rule.content)
  const wrong: ErrorDetail[] = reading.problems.slice(0, 20).map(({ line, message }) => ({
    field: 'body.content',
    message: line === null ? message : `line ${line}: ${message}`,
  }))
  const techniques = [...new Set(rule.techniques ?? reading.techniques)]
  for (const id of rule.techniques ?? []) {
    if (!techniqueById(id)) wrong.push({ field: 'body.techniques', message: `${id} is not an ATT&CK technique` })
  }
  if (wrong.length > 0) throw new AppError('VALIDATION_ERROR', `This is not a valid ${rule.kind} rule`, wrong)
  const own = reading.names.length > 1 ? `${reading.names[0]} and ${reading.names.length - 1} more` : reading.names[0]
  return {
    name: (rule.name ?? own ?? rule.kind).slice(0, 200).toWellFormed(),
    techniques: techniques.map((id) => techniqueById(id)?.id ?? id),
    yaraNames: rule.kind === 'yara' ? reading.names : [],
  }
}

/** A value may be shared as freely as the freest of its sources; a rule no more freely than the values in it. */
async function checkEvidence(sql: Sql, evidenceIds: readonly string[], tlp: Tlp): Promise<void> {
  if (evidenceIds.length === 0) return
  const known = await sql<{ id: string; tlp: Tlp }[]>`
    select e.id, coalesce(i.tlp, t.tlp) as tlp
    from evidence e left join indicators i on i.id = e.indicator_id left join entities t on t.id = e.entity_id
    where e.id in (select value::uuid from jsonb_array_elements_text(${sql.json(evidenceIds as unknown as Json)}))`
  if (known.length < evidenceIds.length) {
    throw new AppError('VALIDATION_ERROR', 'The rule rests on evidence that is not there', [
      { field: 'body.evidence_ids', message: 'must be evidence that you can see' },
    ])
  }
  const level = strictest(known.map((row) => row.tlp))
  if (level !== null && tlpLevels.indexOf(tlp) < tlpLevels.indexOf(level)) {
    throw new AppError('VALIDATION_ERROR', 'The rule is marked more freely than what it rests on', [
      { field: 'body.tlp', message: `must be at least ${level}` },
    ])
  }
}
