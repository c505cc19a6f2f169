/** Walks through the consent page as a browser would; returns where the browser is sent. */
export async function signInOnPage(
  authorizeUrl: string,
  credentials: { email: string; password: string; decision?: string },
): Promise<URL> {
  const page = await fetch(authorizeUrl)
  const flow = /name="flow" value="([\w-]+)"/.exec(await page.text())?.[1]
  const cookie = page.headers.get('set-cookie')?.split(';')[0]
  if (!flow || !cookie) throw new Error(`no consent page: ${page.status}`)
  const answer = await fetch(new URL('authorize', authorizeUrl), {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin: new URL(authorizeUrl).origin },
    body: new URLSearchParams({ flow, decision: 'allow', ...credentials }),
  })
  const location = answer.headers.get('location')
  if (!location) throw new Error(`the consent page sent nobody anywhere: ${answer.status} ${await answer.text()}`)
  return new URL(location)
}
