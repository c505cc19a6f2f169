import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ services }) => ({
  body: { provider: 'google', redirect_to: `${services.config.PUBLIC_URL}/signed-in` },
  status: 200,
})
