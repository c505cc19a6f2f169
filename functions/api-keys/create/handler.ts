import { createApiKey } from '#shared/domain/api-keys/api-keys.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, now, audit }, { body }) => {
  const { apiKey, key } = await createApiKey(sql, principal, body, now)
  const { id, name, prefix, scopes, workspace_id, expires_at } = apiKey
  audit('api_key.created', { targetId: id, details: { name, prefix, scopes, workspace_id, expires_at } })
  return { status: 201, body: { api_key: apiKey, key } }
}
