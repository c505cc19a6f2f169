import { readApiKey } from '#shared/domain/api-keys/api-keys.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readApiKey(sql, params.api_key_id),
})
