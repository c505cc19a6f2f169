import { rotateApiKey } from '#shared/domain/api-keys/api-keys.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now, audit }, { params, body }) => {
  const { apiKey, key } = await rotateApiKey(sql, principal, params.api_key_id, body, now)
  const { id, prefix, expires_at } = apiKey
  audit('api_key.rotated', {
    targetId: params.api_key_id,
    details: { replaced_by: id, prefix, expires_at, overlap_hours: body.overlap_hours },
  })
  return { status: 201, body: { api_key: apiKey, key } }
}
