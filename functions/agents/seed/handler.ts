import { seedCouncil } from '#shared/domain/agents/registry.ts'
import type { RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = ({ sql, principal }, { workspace_id }) =>
  seedCouncil(sql, principal.orgId, workspace_id)
