import * as v from 'valibot'
import { Timestamp } from '../ids.ts'

export const Credentials = v.strictObject({
  email: v.pipe(v.string(), v.trim(), v.email('must be an e-mail address'), v.maxLength(254)),
  password: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
})

export const Session = v.strictObject({
  access_token: v.pipe(v.string(), v.description('Send it as `Authorization: Bearer …`')),
  refresh_token: v.string(),
  token_type: v.literal('bearer'),
  expires_at: Timestamp,
})

export const SignUp = v.strictObject({
  email: v.string(),
  session: v.pipe(v.nullable(Session), v.description('Null when the address has to be confirmed first')),
})

/** A session of the identity provider as the API shows it. */
export function toSession(session: {
  accessToken: string
  refreshToken: string
  expiresAt: Date
}): v.InferInput<typeof Session> {
  return {
    access_token: session.accessToken,
    refresh_token: session.refreshToken,
    token_type: 'bearer',
    expires_at: session.expiresAt.toISOString(),
  }
}
