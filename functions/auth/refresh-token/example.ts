import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ services, credentials }) => ({
  body: { refresh_token: (await services.identity.signIn(credentials)).refreshToken },
  status: 200,
})
