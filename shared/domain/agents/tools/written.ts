import * as v from 'valibot'
import { listBriefs, readBrief } from '../../briefs/briefs.ts'
import { briefStatuses } from '../../briefs/schemas.ts'
import { ruleKinds, ruleStatuses, TechniqueId } from '../../detection/schemas.ts'
import { listRules, readRule } from '../../detection/stored-rules.ts'
import { Id } from '../../ids.ts'
import { PlainText } from '../../plain-text.ts'
import type { Json } from '../../sql.ts'
import { defineReadingTool } from '../tools.ts'

/** Rows of a list at most, and where it goes on. */
const page = {
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(50)), 20),
  before: v.optional(v.pipe(Id, v.description('The id of the last one of the list before this'))),
}

export const listBriefsTool = defineReadingTool({
  name: 'list_briefs',
  description: 'Lists or searches the briefs of the workspace, newest first, without what they say.',
  kind: 'reading',
  untrusted: true,
  input: v.strictObject({
    q: v.optional(v.pipe(PlainText, v.maxLength(500), v.description('Words, as in a search engine'))),
    status: v.optional(v.picklist(briefStatuses)),
    ...page,
  }),
  call: async ({ read, workspaceId }, { q = null, status = null, limit, before = null }) => {
    const rows = await read((sql) => listBriefs(sql, { workspaceId, q, status }, { size: limit, before }))
    return { output: rows.slice(0, limit) as unknown as Json }
  },
})

export const readBriefTool = defineReadingTool({
  name: 'read_brief',
  description: 'Reads a brief by its id: sections of claims, each with the places in documents that it cites.',
  kind: 'reading',
  untrusted: true,
  input: v.strictObject({ brief_id: Id }),
  call: async ({ read }, { brief_id }) => ({
    output: (await read((sql) => readBrief(sql, brief_id))) as unknown as Json,
  }),
})

export const listRulesTool = defineReadingTool({
  name: 'list_detection_rules',
  description: 'Lists the Sigma, YARA and Suricata rules of the workspace, newest first, without their text.',
  kind: 'reading',
  untrusted: true,
  input: v.strictObject({
    kind: v.optional(v.picklist(ruleKinds)),
    status: v.optional(v.picklist(ruleStatuses)),
    technique: v.optional(TechniqueId),
    ...page,
  }),
  call: async ({ read, workspaceId }, { kind = null, status = null, technique = null, limit, before = null }) => {
    const filter = { workspaceId, kind, status, technique }
    const rows = await read((sql) => listRules(sql, filter, { size: limit, before }))
    return { output: rows.slice(0, limit) as unknown as Json }
  },
})

export const readRuleTool = defineReadingTool({
  name: 'read_detection_rule',
  description: 'Reads a detection rule by its id: its text, techniques, and the evidence that it rests on.',
  kind: 'reading',
  untrusted: true,
  input: v.strictObject({ rule_id: Id }),
  call: async ({ read }, { rule_id }) => ({
    output: (await read((sql) => readRule(sql, rule_id))) as unknown as Json,
  }),
})
