import { renameApiKey } from '#shared/domain/api-keys/api-keys.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params, body }) => ({
  status: 200,
  body: await renameApiKey(sql, params.api_key_id, body.name),
})
