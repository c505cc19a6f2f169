import { council } from '#shared/domain/agents/council.ts'
import { summarizePlaybook } from '#shared/domain/agents/show.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async () => ({
  status: 200,
  body: { data: [...(await council()).playbooks.values()].map(summarizePlaybook) },
})
