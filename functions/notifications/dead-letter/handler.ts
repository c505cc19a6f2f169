import { alertManagers } from '#shared/domain/dead-letters/alert.ts'
import type { RunJob } from '#shared/runtime/declarations.ts'
import type job from './function.ts'

export const run: RunJob<typeof job> = ({ sql, principal }, letter) => alertManagers(sql, principal.orgId, letter)
