import { assuredPermissions, type Permission } from './permissions.ts'

/** How sure we are in a session who it is, and what waits until we are surer. */
export interface Assurance {
  level: string
  second_factor: boolean
  missing_for: Permission[]
}

/**
 * Reads the assurance of a session off its access token.
 * @param token a verified JWT; its `aal` claim is the authenticator assurance level
 * @param hasSecondFactor asked only when the token doesn't prove it
 */
export async function assuranceOf(token: string, hasSecondFactor: () => Promise<boolean>): Promise<Assurance> {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { aal?: unknown }
  if (claims.aal === 'aal2') return { level: 'aal2', second_factor: true, missing_for: [] }
  const second_factor = await hasSecondFactor()
  return { level: 'aal1', second_factor, missing_for: second_factor ? [...assuredPermissions] : [] }
}
