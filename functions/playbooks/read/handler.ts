import { council } from '#shared/domain/agents/council.ts'
import { describePlaybook } from '#shared/domain/agents/show.ts'
import { notFound } from '#shared/domain/errors.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async (_, { params }) => {
  const graph = (await council()).playbooks.get(params.playbook_id)
  if (!graph) throw notFound('Playbook')
  return { status: 200, body: describePlaybook(graph) }
}
