import * as v from 'valibot'
import { createBrief, publishBrief } from '../../briefs/briefs.ts'
import { Draft } from '../../claims/types.ts'
import { createRule } from '../../detection/rules.ts'
import { ruleKinds } from '../../detection/schemas.ts'
import { inspectRule } from '../../detection/validate.ts'
import { isApproved } from '../../guardian/brand.ts'
import { Id, newId } from '../../ids.ts'
import { proposeRelationship, RelationshipDraft } from '../../intelligence/relationships.ts'
import { notify } from '../../notifications/notifications.ts'
import { PlainText } from '../../plain-text.ts'
import type { Json } from '../../sql.ts'
import { Tlp } from '../../tlp.ts'
import { readBrandRules } from '../brand.ts'
import { agentEvent } from '../messages.ts'
import { defineTool, ToolRefusal } from '../tools.ts'

const text = (maximum: number) => v.pipe(PlainText, v.minLength(1), v.maxLength(maximum))

export const proposeRelationshipTool = defineTool({
  name: 'propose_relationship',
  description:
    'Proposes that one indicator or entity is related to another, with the evidence that says so. People decide on it.',
  kind: 'changing',
  untrusted: false,
  input: RelationshipDraft,
  async call({ orgId, workspaceId, userId, runId }, draft) {
    const id = newId()
    return {
      output: { id },
      effect: async ({ sql, audit }) => {
        const made = await proposeRelationship(sql, {
          id,
          orgId,
          workspaceId,
          sourceId: draft.source_id,
          relationshipType: draft.relationship_type,
          targetId: draft.target_id,
          confidence: draft.confidence,
          evidenceIds: draft.evidence_ids,
          runId,
          createdBy: userId,
        })
        audit('relationship.proposed', { targetId: made.id, details: { run_id: runId } })
      },
    }
  },
})

export const writeRuleTool = defineTool({
  name: 'write_rule',
  description: 'Keeps a Sigma, YARA or Suricata rule as a draft, with the evidence that it rests on.',
  kind: 'changing',
  untrusted: false,
  input: v.strictObject({
    kind: v.picklist(ruleKinds),
    content: text(500_000),
    tlp: Tlp,
    evidence_ids: v.pipe(v.array(Id), v.minLength(1), v.maxLength(500)),
  }),
  async call({ orgId, workspaceId, userId, runId }, { kind, content, tlp, evidence_ids }) {
    const { problems } = inspectRule(kind, content)
    if (problems.length > 0) {
      const said = problems
        .slice(0, 5)
        .map(({ line, message }) => (line === null ? message : `line ${line}: ${message}`))
      throw new ToolRefusal('INVALID_INPUT', `not a valid ${kind} rule: ${said.join('; ')}`)
    }
    const id = newId()
    return {
      output: { id },
      effect: async ({ sql, audit }) => {
        const { rule } = await createRule(sql, {
          id,
          orgId,
          workspaceId,
          kind,
          name: null,
          content,
          techniques: null,
          tlp,
          status: 'draft',
          evidenceIds: evidence_ids,
          runId,
          createdBy: userId,
        })
        audit('detection_rule.created', { targetId: rule.id, details: { run_id: runId, kind } })
      },
    }
  },
})

export const writeBriefTool = defineTool({
  name: 'write_brief',
  description: 'Keeps a brief whose claims all cite; published at once when asked to.',
  kind: 'changing',
  untrusted: false,
  input: v.strictObject({ draft: Draft, publish: v.boolean() }),
  async call({ orgId, workspaceId, userId, runId }, { draft, publish }) {
    const id = newId()
    return {
      output: { id },
      effect: async ({ sql, audit, now }) => {
        // What people approved word for word, and nothing else, may stand without a citation.
        const brand = await readBrandRules(sql, workspaceId)
        const uncited = (claim: string) => isApproved(claim, brand)
        await createBrief(sql, { id, orgId, workspaceId, draft, runId, createdBy: userId, uncited })
        if (publish) await publishBrief(sql, id, { publishedBy: userId, now })
        audit(publish ? 'brief.published' : 'brief.created', {
          targetId: id,
          details: { run_id: runId, title: draft.title },
        })
      },
    }
  },
})

export const notifyTool = defineTool({
  name: 'notify',
  description: 'Notifies whoever began the run, in the product.',
  kind: 'changing',
  untrusted: false,
  input: v.strictObject({ title: text(200), body: text(2000) }),
  async call({ orgId, userId, runId }, { title, body }) {
    return {
      output: { notified: userId !== null },
      effect: async ({ sql }) => {
        if (userId === null) return
        await notify(sql, { orgId, userId, kind: 'agent_run', title, body, subjectId: runId })
      },
    }
  },
})

export const publishEventTool = defineTool({
  name: 'publish_event',
  description: 'Tells the systems that listen to this organization that something happened.',
  kind: 'changing',
  untrusted: false,
  input: v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_.]{0,99}$/, 'must be a name like intelligence.updated')),
    data: v.optional(
      v.pipe(
        v.record(
          v.pipe(PlainText, v.maxLength(100)),
          v.union([v.pipe(PlainText, v.maxLength(1000)), v.number(), v.boolean()]),
        ),
        v.check((data) => Object.keys(data).length <= 20, 'must have 20 fields at most'),
      ),
      {},
    ),
  }),
  async call({ runId }, { name, data }) {
    return {
      output: { published: name },
      effect: async ({ publish, audit }) => {
        await publish(agentEvent, { run_id: runId, name, data: data as Record<string, Json> }, { orderingKey: runId })
        audit('agent_event.published', { targetId: runId, details: { name } })
      },
    }
  },
})
