import { allowedRedirect, oauthFlow } from '#shared/domain/tenancy/sessions.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async ({ config, identity, sealer, now }, { body }) => {
  const redirectTo = allowedRedirect(body.redirect_to, [config.PUBLIC_URL, ...config.CORS_ORIGINS])
  const { url, codeVerifier } = await identity.oauthUrl(body.provider, redirectTo)
  // Kept by the client, as nothing of a flow is kept here: sealed, so that a stolen code is of no use with it alone.
  const flow = sealer(oauthFlow.purpose).seal(codeVerifier, new Date(now.getTime() + oauthFlow.seconds * 1000))
  return { status: 200, body: { url, flow } }
}
