import { notFound } from '../errors.ts'
import { endOfIds, type Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { Rule, RuleKind, RuleStatus, RuleSummary } from './schemas.ts'

function summary(sql: Sql) {
  return sql`id, kind, name, encode(sha256, 'hex') as sha256, techniques, tlp, status, run_id, created_by, created_at,
    updated_at`
}

function whole(sql: Sql) {
  return sql`${summary(sql)}, content, coalesce((
    select jsonb_agg(e.evidence_id order by e.evidence_id) from detection_rule_evidence e
    where e.rule_id = detection_rules.id), '[]') as evidence_ids`
}

export interface RuleFilter {
  workspaceId: string | null
  kind: RuleKind | null
  status: RuleStatus | null
  /** An ATT&CK id. */
  technique: string | null
}

/** The rules of a workspace, newest first. */
export function listRules(sql: Sql, filter: RuleFilter, page: Page): Promise<RuleSummary[]> {
  return sql<RuleSummary[]>`
    select ${summary(sql)} from detection_rules
    where workspace_id = ${filter.workspaceId} and id < ${page.before ?? endOfIds}
      ${filter.kind === null ? sql`` : sql`and kind = ${filter.kind}`}
      ${filter.status === null ? sql`` : sql`and status = ${filter.status}`}
      ${filter.technique === null ? sql`` : sql`and techniques @> ${sql.json([filter.technique])}`}
    order by id desc
    limit ${page.size + 1}`
}

/**
 * @param lock keeps it from being changed until the transaction ends
 * @throws AppError NOT_FOUND
 */
export async function readRule(sql: Sql, id: string, lock = false): Promise<Rule> {
  const [rule] = await sql<Rule[]>`
    select ${whole(sql)} from detection_rules where id = ${id} ${lock ? sql`for update` : sql``}`
  if (!rule) throw notFound('Detection rule')
  return rule
}

/** @throws AppError NOT_FOUND */
export async function setRuleStatus(sql: Sql, id: string, status: RuleStatus): Promise<Rule> {
  const [rule] = await sql<Rule[]>`
    update detection_rules set status = ${status}, updated_at = now() where id = ${id}
    returning ${whole(sql)}`
  if (!rule) throw notFound('Detection rule')
  return rule
}

/** Returns what the rule was. @throws AppError NOT_FOUND */
export async function deleteRule(sql: Sql, id: string): Promise<{ kind: RuleKind; name: string }> {
  const [rule] = await sql<{ kind: RuleKind; name: string }[]>`
    delete from detection_rules where id = ${id} returning kind, name`
  if (!rule) throw notFound('Detection rule')
  return rule
}
