import { deleteFlag, readFlag } from '#shared/domain/flags/flags.ts'
import type { CurrentRoute, RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const current: CurrentRoute<typeof route> = ({ sql }, { params }) => readFlag(sql, params.flag_key, 'lock')

export const run: RunRoute<typeof route> = async ({ sql, principal, requestId }, { params }) => {
  await deleteFlag(sql, params.flag_key, { userId: principal.userId, requestId })
  return { status: 204, body: null }
}
