import * as v from 'valibot'
import type { Draft } from '../../../claims/types.ts'
import { AppError } from '../../../errors.ts'
import { renderMarkdown } from '../../../guardian/render.ts'
import type { Review } from '../../../guardian/types.ts'
import type { Json } from '../../../sql.ts'
import type { NodeContext, Playbook, State } from '../../playbook.ts'
import { editDraft } from '../../tasks/edit-draft.ts'
import { writeAdvisory } from '../../tasks/write-advisory.ts'
import { asked, quick, withModel } from '../asked.ts'
import { type DocumentEvidence, readDocumentEvidence } from '../evidence.ts'
import { guard } from '../guard.ts'
import { enrich } from './enrich.ts'
import { Input } from './input.ts'
import { type DefensePlan, plan } from './plan.ts'
import { publish } from './publish.ts'
import { relate } from './relate.ts'

async function readEvidence({ state, read, readUntrusted }: NodeContext): Promise<Json> {
  const { document_id } = v.parse(Input, state.input)
  readUntrusted('the document')
  return (await read((sql) => readDocumentEvidence(sql, document_id))) as unknown as Json
}

async function write({ state, agent, complete, readUntrusted }: NodeContext): Promise<Json> {
  readUntrusted('the document')
  const { task, system, output } = asked(writeAdvisory, agent.instructions)
  const answer = await complete({ task, system, output, material: state.outputs.read! })
  return { draft: answer.output, model: answer.model } as unknown as Json
}

async function edit({ state, agent, complete, readUntrusted }: NodeContext): Promise<Json> {
  readUntrusted('the draft')
  const before = state.outputs.guard as unknown as Review | undefined
  const { draft } = (state.outputs.edit ?? state.outputs.write) as { draft: Json }
  const { task, system, output } = asked(editDraft, agent.instructions)
  const material = { draft, findings: (before?.findings ?? []) as unknown as Json }
  const answer = await complete({ task, system, output, material })
  return { draft: answer.output, model: answer.model } as unknown as Json
}

async function check(context: NodeContext): Promise<Json> {
  const { audience_tlp, guardian } = v.parse(Input, context.state.input)
  const { document } = context.state.outputs.read as unknown as DocumentEvidence
  const { draft } = context.state.outputs.edit as { draft: Json }
  const review = await guard(context, draft, { audience: audience_tlp ?? document.tlp, mode: guardian })
  if (review.draft === null && context.iteration >= editedAgain) throw nothingMayLeave(review)
  return review as unknown as Json
}

/** How often the editor gets back what the Guardian refused. */
const editedAgain = 1

function nothingMayLeave({ findings }: Review): AppError {
  const reasons = [...new Set(findings.map(({ why }) => why))].slice(0, 5)
  return new AppError('CONFLICT', `Nothing of the advisory may leave: ${reasons.join('; ')}`)
}

const refused = ({ outputs }: State) => (outputs.guard as unknown as Review).draft === null

function shows({ outputs }: State): Json {
  const { draft, findings } = outputs.guard as unknown as Review
  const { rules, blocklist, actions } = outputs.plan as unknown as DefensePlan
  return {
    brief: draft,
    findings,
    actions,
    detection_rules: rules.map(({ kind, name, tlp }) => ({ kind, name, tlp })),
    relationships: outputs.relate,
    blocklist,
  } as unknown as Json
}

/** From a threat report to an advisory that cites and a pack of defenses, approved before anything leaves. */
export const reportToDefense: Playbook = {
  id: 'report-to-defense',
  title: 'Report to defense',
  description:
    'Makes of a document an advisory whose every sentence cites, detection rules (Sigma, Suricata, YARA), what to block, an ATT&CK layer and proposed relationships; a person approves before any of it is published. Without a language model the advisory is made of the document’s own sentences, chosen and ordered by rules; with one it is written anew, and each claim is checked against its quotes by code.',
  input: Input,
  start: 'read',
  nodes: {
    read: { ...quick, title: 'Read the evidence', agent: 'cognition', work: readEvidence },
    enrich: { ...quick, title: 'Look for what is known already', agent: 'cognition', work: enrich },
    relate: { ...quick, title: 'Connect what belongs together', agent: 'cognition', work: relate },
    plan: { ...withModel, title: 'Plan the defense and write rules', agent: 'strategos', work: plan },
    write: { ...withModel, title: 'Write the advisory', agent: 'cognition', model: 'standard', work: write },
    edit: { ...withModel, title: 'Edit the advisory', agent: 'aesthete', work: edit },
    guard: { ...quick, title: 'Check every claim', agent: 'arbiter', work: check },
    approval: { kind: 'approval', title: 'Approve brief and defenses', permission: 'intelligence:write', shows },
    publish: { ...quick, title: 'Publish', agent: 'herald', work: publish },
  },
  edges: [
    { from: 'read', to: 'enrich' },
    { from: 'read', to: 'relate' },
    { from: 'read', to: 'plan' },
    { from: 'read', to: 'write' },
    { from: 'write', to: 'edit' },
    { from: 'edit', to: 'guard' },
    { from: 'guard', to: 'edit', repeats: editedAgain, when: refused, label: 'nothing may leave as it is' },
    { from: 'guard', to: 'approval', when: (state) => !refused(state), label: 'checked' },
    { from: 'enrich', to: 'approval' },
    { from: 'relate', to: 'approval' },
    { from: 'plan', to: 'approval' },
    { from: 'approval', to: 'publish' },
  ],
  output({ outputs }) {
    const { draft, findings } = outputs.guard as unknown as { draft: Draft; findings: Json }
    const { document } = outputs.read as unknown as DocumentEvidence
    return {
      document,
      advisory: { draft, markdown: renderMarkdown(draft, { titles: () => document.title }), findings },
      defense: outputs.plan,
      relationships: outputs.relate,
      known_before: outputs.enrich,
      published: outputs.publish,
    } as unknown as Json
  },
}
