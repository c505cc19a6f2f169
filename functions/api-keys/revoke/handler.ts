import { revokeApiKey } from '#shared/domain/api-keys/api-keys.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, now }, { params }) => {
  await revokeApiKey(sql, params.api_key_id, now)
  return { status: 204, body: null }
}
