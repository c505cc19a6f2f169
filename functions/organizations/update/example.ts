import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ orgId }) => ({
  params: { organization_id: orgId },
  body: { settings: { time_zone: 'Europe/Berlin' } },
  status: 200,
})
