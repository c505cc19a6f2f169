import * as v from 'valibot'
import { Id, Timestamp } from '../ids.ts'
import { PlainText } from '../plain-text.ts'
import { Tlp } from '../tlp.ts'

/** Languages of detection rules: logs, files, network traffic. */
export const ruleKinds = ['sigma', 'yara', 'suricata'] as const
export type RuleKind = (typeof ruleKinds)[number]

export const ruleStatuses = ['draft', 'active', 'retired'] as const
export type RuleStatus = (typeof ruleStatuses)[number]

/** Characters of one rule file. */
export const maximumRuleCharacters = 500_000

export const TechniqueId = v.pipe(
  v.string(),
  v.regex(/^T\d{4}(?:\.\d{3})?$/, 'must be an ATT&CK technique such as T1059.001'),
)
const Name = v.pipe(PlainText, v.trim(), v.minLength(1), v.maxLength(200))

export const RuleSummary = v.strictObject({
  id: Id,
  kind: v.picklist(ruleKinds),
  name: v.string(),
  sha256: v.pipe(v.string(), v.description('Of the content, in hexadecimal')),
  techniques: v.pipe(v.array(v.string()), v.description('ATT&CK ids of what it detects')),
  tlp: Tlp,
  status: v.picklist(ruleStatuses),
  run_id: v.pipe(v.nullable(Id), v.description('The run of an agent that wrote it; null when a person did')),
  created_by: v.nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type RuleSummary = v.InferInput<typeof RuleSummary>

export const Rule = v.strictObject({
  ...RuleSummary.entries,
  content: v.string(),
  evidence_ids: v.pipe(v.array(Id), v.description('What it rests on')),
})
export type Rule = v.InferInput<typeof Rule>

export const RuleDraft = v.strictObject({
  kind: v.picklist(ruleKinds),
  name: v.pipe(v.optional(Name), v.description('What the rule calls itself, when absent')),
  content: v.pipe(PlainText, v.minLength(1), v.maxLength(maximumRuleCharacters)),
  techniques: v.pipe(
    v.optional(v.pipe(v.array(TechniqueId), v.maxLength(100))),
    v.description('What the rule itself says, when absent'),
  ),
  tlp: v.optional(Tlp, 'AMBER'),
  status: v.optional(v.picklist(ruleStatuses), 'draft'),
  evidence_ids: v.optional(v.pipe(v.array(Id), v.maxLength(5000)), []),
})

export const RuleChange = v.strictObject({ status: v.picklist(ruleStatuses) })

/** What rules shall be written from. */
export const RuleRequest = v.strictObject({
  kinds: v.optional(v.pipe(v.array(v.picklist(ruleKinds)), v.minLength(1), v.maxLength(3)), [...ruleKinds]),
  maximum_tlp: v.pipe(v.optional(Tlp, 'AMBER'), v.description('Nothing more restrictive goes into the rules')),
  minimum_confidence: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)), 50),
})
