import { createBlocklist } from '#shared/domain/blocklists/blocklists.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, config, audit }, { body }) => {
  const { blocklist, token } = await createBlocklist(sql, {
    orgId: principal.orgId,
    name: body.name,
    types: body.types,
    maximumTlp: body.maximum_tlp,
    minimumConfidence: body.minimum_confidence,
    createdBy: principal.userId,
  })
  const { id, name, types, maximum_tlp, minimum_confidence } = blocklist
  audit('blocklist.created', { targetId: id, details: { name, types: [...types], maximum_tlp, minimum_confidence } })
  return { status: 201, body: { blocklist, url: `${config.PUBLIC_URL}/v1/lists/${token}` } }
}
