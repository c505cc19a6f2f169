import type { Json } from '../../sql.ts'
import { assessIndicator } from './assess-indicator.ts'
import { editDraft } from './edit-draft.ts'
import type { AgentTask } from './task.ts'
import { writeAdvisory } from './write-advisory.ts'
import { writeCampaign } from './write-campaign.ts'

const all: readonly AgentTask[] = [writeAdvisory, editDraft, assessIndicator, writeCampaign]

/** What the rule-based model can do, by the name of the task. */
export const localRules: Readonly<Record<string, (material: Json) => Json>> = Object.fromEntries(
  all.flatMap(({ name, rule }) => (rule === null ? [] : [[name, rule as (material: Json) => Json]])),
)
