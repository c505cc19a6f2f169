import { demoCredentials } from '#shared/embedded/demo.ts'
import { ApiClient } from './api-client.ts'

/** What a command was told about whom to ask, and as whom. */
export interface Login {
  /** Address of the product; absent: ADAPT_URL, else this machine. */
  url?: string | undefined
  /** An access token or API key; absent: signs in as ADAPT_EMAIL with ADAPT_PASSWORD, else as the demo user. */
  token?: string | undefined
  /** Absent: the caller's first. */
  organizationId?: string | undefined
}

/** @throws ApiError when the sign-in is refused or nobody answers */
export async function connect(login: Login = {}): Promise<ApiClient> {
  const url = login.url ?? process.env.ADAPT_URL ?? `http://127.0.0.1:${process.env.PORT ?? 8787}`
  const client = new ApiClient(url.replace(/\/$/, ''), login)
  if (login.token !== undefined) return client
  await client.signIn(
    process.env.ADAPT_EMAIL ?? demoCredentials.email,
    process.env.ADAPT_PASSWORD ?? process.env.DEMO_PASSWORD ?? demoCredentials.password,
  )
  return client
}
