import { randomBytes } from 'node:crypto'
import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ orgId }) => ({
  body: {
    key: `FEATURE_${randomBytes(8).toString('hex').toUpperCase()}`,
    description: 'The new console',
    enabled: true,
    percentage: 10,
    rules: [{ org_id: orgId, enabled: true }],
  },
  status: 201,
})
