import { signInOnPage } from '#shared/platform/identity/local/consent-visitor.ts'
import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ services, credentials }) => {
  const { PUBLIC_URL } = services.config
  const answer = await fetch(`${PUBLIC_URL}/v1/auth/oauth/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'google', redirect_to: `${PUBLIC_URL}/signed-in` }),
  })
  const { url, flow } = (await answer.json()) as { url: string; flow: string }
  const back = await signInOnPage(url, credentials)
  return { body: { code: back.searchParams.get('code'), flow }, status: 200 }
}
