import { ModelError } from '#shared/domain/models/types.ts'

/** Makes a source of access tokens from the credentials of this machine; their library is loaded by the first one. */
export function createGoogleToken(): () => Promise<string> {
  let auth: Promise<{ getAccessToken(): Promise<string | null | undefined> }> | undefined
  return async () => {
    auth ??= import('google-auth-library').then(
      ({ default: { GoogleAuth } }) => new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] }),
    )
    const token = await (await auth).getAccessToken()
    if (!token) throw new Error('the credentials of this machine give no access token')
    return token
  }
}

/** Why there is no access token: credentials that are not there or not taken are ours to put right, the rest passes. */
export function credentialsError(provider: string, error: unknown): ModelError {
  if (error instanceof ModelError) return error
  const { status, code, response } = (error ?? {}) as {
    status?: unknown
    code?: unknown
    response?: { status?: unknown }
  }
  const known = [status, response?.status, code].map(Number).find((number) => number >= 100)
  const isPassing = (known !== undefined && (known === 429 || known >= 500)) || /^(E[A-Z]+|UND_.*)$/.test(String(code))
  const isMissing = code === 'ENOENT'
  return new ModelError(
    isPassing && !isMissing ? 'unavailable' : 'invalid',
    `no credentials for ${provider} could be had`,
    { cause: error },
  )
}
