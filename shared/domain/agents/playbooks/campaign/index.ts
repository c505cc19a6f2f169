import * as v from 'valibot'
import { renderMarkdown } from '../../../guardian/render.ts'
import type { Json } from '../../../sql.ts'
import type { NodeContext, Playbook, State, WorkNode } from '../../playbook.ts'
import { writeCampaign } from '../../tasks/write-campaign.ts'
import { asked, quick, withModel } from '../asked.ts'
import { type CheckedChannel, check, titlesOf } from './check.ts'
import { type ChannelKey, channelKeys, Input } from './input.ts'
import { measure } from './metrics.ts'
import { type Published, publish } from './publish.ts'
import { type Research, research } from './research.ts'
import { plan, type Strategy } from './strategy.ts'

/** What is said where only rules wrote, beside what they wrote. */
const withoutLanguageModel =
  'Written by rules: sentences of the documents and approved phrases, chosen and ordered, not worded anew for the audience or the goal; the subject is the title only where it is an approved phrase.'

const titles: Record<ChannelKey, string> = {
  email: 'Write the e-mail',
  social: 'Write the posts',
  blog: 'Write the article',
  press: 'Write the press release',
}

async function write({ node, state, agent, complete, readUntrusted }: NodeContext): Promise<Json> {
  readUntrusted('sentences of the documents')
  const { materials } = state.outputs.strategy as unknown as Strategy
  const { task, system, output } = asked(writeCampaign, agent.instructions)
  const answer = await complete({ task, system, output, material: materials[node as ChannelKey] as unknown as Json })
  return { draft: answer.output, model: answer.model } as unknown as Json
}

const drafts = Object.fromEntries(
  channelKeys.map((channel): [ChannelKey, WorkNode] => [
    channel,
    { ...withModel, title: titles[channel], agent: 'aesthete', work: write },
  ]),
) as Record<ChannelKey, WorkNode>

const wants = (channel: ChannelKey) => (state: State) => v.parse(Input, state.input).channels.includes(channel)

function textsOf({ outputs }: State) {
  const sources = titlesOf(outputs.research as unknown as Research)
  return (outputs.guard as unknown as CheckedChannel[]).map(({ channel, draft, findings, model }) => ({
    channel,
    draft,
    markdown: draft && renderMarkdown(draft, { titles: (id) => sources.get(id) ?? id }),
    findings,
    model,
    note: model.startsWith('local:') ? withoutLanguageModel : null,
  }))
}

function shows(state: State): Json {
  const { unproven, left_out } = state.outputs.research as unknown as Research
  const { pillars } = state.outputs.strategy as unknown as Strategy
  return { channels: textsOf(state), pillars, unproven, left_out_documents: left_out } as unknown as Json
}

/** From key points to texts for several channels that say no more than the documents prove. */
export const campaign: Playbook = {
  id: 'campaign',
  title: 'Campaign',
  description:
    'Looks in your documents for what proves each key point, says which have no proof, plans what is said where, writes texts for e-mail, social media, blog and press, checks them against their sources and your brand’s rules (settings of the Arbiter), and after an approval publishes them as briefs and measures them. Without a language model the texts are the documents’ own sentences and your approved phrases, chosen, ordered and cut to what fits: they are not worded for the audience, the goal or the channel, and a key point is found only by words that it shares with a sentence.',
  input: Input,
  start: 'research',
  nodes: {
    research: { ...withModel, title: 'Look for proof of each key point', agent: 'cognition', work: research },
    strategy: { ...quick, title: 'Plan what is said where', agent: 'strategos', work: plan },
    ...drafts,
    guard: { ...withModel, title: 'Check evidence, brand and length', agent: 'arbiter', work: check },
    approval: { kind: 'approval', title: 'Approve the campaign', permission: 'intelligence:write', shows },
    publish: { ...quick, title: 'Publish', agent: 'herald', work: publish },
    measure: { ...quick, title: 'Measure what was published', agent: 'seer', work: measure },
  },
  edges: [
    { from: 'research', to: 'strategy' },
    ...channelKeys.flatMap((channel) => [
      { from: 'strategy', to: channel, when: wants(channel), label: 'asked for' },
      { from: channel, to: 'guard' },
    ]),
    { from: 'guard', to: 'approval' },
    { from: 'approval', to: 'publish' },
    { from: 'publish', to: 'measure' },
  ],
  output(state) {
    const { unproven, left_out } = state.outputs.research as unknown as Research
    const { pillars, channels } = state.outputs.strategy as unknown as Strategy
    const published = (state.outputs.publish as unknown as Published).channels
    const briefs = new Map(published.map(({ channel, brief_id }) => [channel, brief_id]))
    const metrics = state.outputs.measure as Record<ChannelKey, Json | undefined>
    return {
      pillars,
      plan: channels,
      unproven,
      left_out_documents: left_out,
      channels: textsOf(state).map(({ channel, ...text }) => ({
        channel,
        ...text,
        brief_id: briefs.get(channel) ?? null,
        metrics: metrics[channel] ?? null,
      })),
    } as unknown as Json
  },
}
