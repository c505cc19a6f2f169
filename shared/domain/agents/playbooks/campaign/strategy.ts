import * as v from 'valibot'
import { AppError } from '../../../errors.ts'
import type { Json } from '../../../sql.ts'
import { strictest, type Tlp } from '../../../tlp.ts'
import { readBrandRules } from '../../brand.ts'
import type { NodeContext } from '../../playbook.ts'
import type { ChannelMaterial } from '../../tasks/write-campaign.ts'
import { type ChannelKey, channelLimits, Input } from './input.ts'
import type { ProvenPoint } from './proof.ts'
import type { Research } from './research.ts'

export interface Strategy {
  /** Key points that are proven, in the order in which they are said. */
  pillars: string[]
  unproven: string[]
  channels: { channel: ChannelKey; pillars: string[]; characters: number; claims: number }[]
  /** What each channel is written from. */
  materials: Partial<Record<ChannelKey, ChannelMaterial>>
}

/**
 * What is said first, and what where: by how well it is proven, and by what fits into a channel.
 * @throws AppError CONFLICT when nothing is proven
 */
export async function plan({ state, run, read, readUntrusted }: NodeContext): Promise<Json> {
  const input = v.parse(Input, state.input)
  const { points, unproven, documents, left_out } = state.outputs.research as unknown as Research
  readUntrusted('sentences of the documents')
  const proven = points
    .filter(({ proof }) => proof.length > 0)
    .map((point, at) => ({ point, at, strength: strengthOf(point) }))
    .sort((a, b) => b.strength - a.strength || a.at - b.at)
    .map(({ point }) => point)
  if (proven.length === 0) throw nothingProven(left_out)
  const brand = await read((sql) => readBrandRules(sql, run.workspaceId))
  const levels = new Map(documents.map(({ id, tlp }) => [id, tlp]))
  const materialOf = (channel: ChannelKey): ChannelMaterial => {
    const limits = channelLimits[channel]
    const pillars = proven.slice(0, limits.pillars)
    return {
      channel,
      limits,
      subject: input.subject,
      audience: input.audience,
      goal: input.goal,
      tlp: levelOf(pillars, levels),
      pillars,
      call_to_action: input.call_to_action ?? null,
      approved_phrases: [...brand.approvedPhrases],
      required_phrases: [...brand.requiredPhrases],
      banned_words: [...brand.bannedWords],
    }
  }
  const channels = [...new Set(input.channels)]
  return {
    pillars: proven.map(({ key_point }) => key_point),
    unproven,
    channels: channels.map((channel) => {
      const { characters, claims, pillars } = channelLimits[channel]
      return { channel, pillars: proven.slice(0, pillars).map(({ key_point }) => key_point), characters, claims }
    }),
    materials: Object.fromEntries(channels.map((channel) => [channel, materialOf(channel)])),
  } as unknown as Json
}

/** How much of it the best sentence holds, and a little more for each further document that says so too. */
function strengthOf({ proof }: ProvenPoint): number {
  const documents = new Set(proof.map(({ document_id }) => document_id))
  return proof[0]!.share + 0.1 * Math.min(3, documents.size - 1)
}

function levelOf(points: readonly ProvenPoint[], levels: ReadonlyMap<string, Tlp>): Tlp {
  const used = points.flatMap(({ proof }) => proof.map(({ document_id }) => levels.get(document_id) ?? 'RED'))
  return strictest(used) ?? 'RED'
}

function nothingProven(leftOut: Research['left_out']): AppError {
  const reasons = leftOut.map(({ title, why }) => ` “${title}” was left out: ${why}.`).slice(0, 5)
  return new AppError('CONFLICT', `No sentence of the documents proves any of the key points.${reasons.join('')}`)
}
