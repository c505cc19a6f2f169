import { readFlag } from '#shared/domain/flags/flags.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readFlag(sql, params.flag_key),
})
