import type { ModelAlias } from '../models/types.ts'

/** The seven of the council, in the order in which people meet them. */
export const lordKeys = ['architect', 'cognition', 'strategos', 'aesthete', 'seer', 'arbiter', 'herald'] as const
export type LordKey = (typeof lordKeys)[number]

/** One agent of the council as it is before a workspace changes anything. */
export interface Lord {
  key: LordKey
  name: string
  purpose: string
  /** Names of the tools it may use; all others are refused. */
  tools: readonly string[]
  model: ModelAlias
  limits: {
    /** Tool calls of one step. */
    toolCalls: number
    /** Turns with the model in one step. */
    turns: number
    maximumOutputTokens: number
    /** What one run may spend on it, in microdollars. */
    runMicrodollars: number
  }
}

const usual = { toolCalls: 20, turns: 8, maximumOutputTokens: 4_000, runMicrodollars: 2_000_000 }

const readingTools = ['search_intelligence', 'read_indicator', 'read_entity', 'read_document', 'list_evidence'] as const

/** The council. What a workspace sets differently lies in the table `agents`. */
export const lords: readonly Lord[] = [
  {
    key: 'architect',
    name: 'Architect',
    purpose: 'Designs how the council works: playbooks, and where they can be better.',
    tools: [...readingTools],
    model: 'standard',
    limits: usual,
  },
  {
    key: 'cognition',
    name: 'Cognition',
    purpose: 'Researches: reads sources, enriches and connects what is known.',
    tools: [...readingTools, 'fetch_url', 'propose_relationship', 'write_indicator'],
    model: 'standard',
    limits: { ...usual, toolCalls: 40 },
  },
  {
    key: 'strategos',
    name: 'Strategos',
    purpose: 'Plans the defense: detections, blocklists, and what to do first.',
    tools: [...readingTools, 'write_rule'],
    model: 'heavy',
    limits: usual,
  },
  {
    key: 'aesthete',
    name: 'Aesthete',
    purpose: 'Edits what is written until it is clear, correct and worth reading.',
    tools: [...readingTools],
    model: 'standard',
    limits: usual,
  },
  {
    key: 'seer',
    name: 'Seer',
    purpose: 'Watches trends: what rises, what fades, what is new.',
    tools: [...readingTools],
    model: 'fast',
    limits: usual,
  },
  {
    key: 'arbiter',
    name: 'Arbiter',
    purpose: 'Keeps the rules: TLP, compliance, and sources that contradict each other.',
    tools: [...readingTools, 'propose_relationship'],
    model: 'standard',
    limits: usual,
  },
  {
    key: 'herald',
    name: 'Herald',
    purpose: 'Tells others: publishes briefs, notifies, hands out defenses.',
    tools: [...readingTools, 'write_brief', 'write_rule', 'propose_relationship', 'publish_event', 'notify'],
    model: 'fast',
    limits: { ...usual, toolCalls: 100 },
  },
]
