import { newId } from '../ids.ts'
import type { Sql } from '../sql.ts'
import { loadRuleMaterial, type MaterialRequest } from './load-material.ts'
import { createRule } from './rules.ts'
import { type Rule, type RuleKind, ruleKinds } from './schemas.ts'
import type { RuleMaterial, WrittenRule } from './types.ts'
import { writeSigma } from './write-sigma.ts'
import { writeSuricata } from './write-suricata.ts'
import { writeYara } from './write-yara.ts'

const writers: Readonly<Record<RuleKind, (material: RuleMaterial) => WrittenRule[]>> = {
  sigma: writeSigma,
  suricata: writeSuricata,
  yara: writeYara,
}

/** Writes rules of these kinds; what they can't hold stays out. */
export function writeRules(material: RuleMaterial, kinds: readonly RuleKind[] = ruleKinds): WrittenRule[] {
  return ruleKinds.filter((kind) => kinds.includes(kind)).flatMap((kind) => writers[kind](material))
}

/**
 * Writes rules about a document and keeps them as drafts; those that are there already stay.
 * @throws AppError NOT_FOUND
 */
export async function writeDocumentRules(
  sql: Sql,
  request: MaterialRequest & {
    orgId: string
    workspaceId: string
    kinds: readonly RuleKind[]
    runId: string | null
    createdBy: string | null
  },
): Promise<Rule[]> {
  const material = await loadRuleMaterial(sql, request)
  const rules: Rule[] = []
  for (const written of writeRules(material, request.kinds)) {
    const { rule } = await createRule(sql, {
      ...written,
      id: newId(),
      orgId: request.orgId,
      workspaceId: request.workspaceId,
      status: 'draft',
      runId: request.runId,
      createdBy: request.createdBy,
    })
    rules.push(rule)
  }
  return rules
}
