import type { Json } from '../../../sql.ts'
import type { NodeContext } from '../../playbook.ts'
import type { CheckedChannel } from './check.ts'
import type { ChannelKey } from './input.ts'

export interface Published {
  channels: { channel: ChannelKey; brief_id: string }[]
}

/** Publishes what was approved, a brief for each channel, and tells of it. */
export async function publish({ state, use }: NodeContext): Promise<Json> {
  const checked = state.outputs.guard as unknown as CheckedChannel[]
  const published: Published = { channels: [] }
  for (const { channel, draft } of checked) {
    if (draft === null) continue
    const brief = (await use('write_brief', { draft: draft as unknown as Json, publish: true })) as { id: string }
    published.channels.push({ channel, brief_id: brief.id })
  }
  const names = published.channels.map(({ channel }) => channel)
  await use('notify', { title: 'Campaign published', body: `For ${names.join(', ')}.` })
  await use('publish_event', {
    name: 'campaign.published',
    data: Object.fromEntries(published.channels.map(({ channel, brief_id }) => [`${channel}_brief_id`, brief_id])),
  })
  return published as unknown as Json
}
