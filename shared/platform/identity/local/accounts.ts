import { hash, randomUUID } from 'node:crypto'
import { PlatformError } from '../../errors.ts'
import { canonicalEmail } from './email.ts'
import { createGate } from './gate.ts'
import { GoTrueError, tooManyRequests } from './gotrue-error.ts'
import type { Passwords } from './passwords.ts'
import type { Grant, Sessions } from './sessions.ts'
import type { IdentityRow, Store, UserRow } from './store.ts'

export const attemptWindowSeconds = 300
const attemptsPerWindow = 10
const minimumPasswordLength = 8
/** Supabase hashes with bcrypt, which reads no more: what works here must work there. */
const maximumPasswordBytes = 72
/** The metadata travels in every access token, and so in a header of every request. */
const maximumMetadataBytes = 4_096

/** Who sends the request, as far as it is kept with the session. */
export interface Client {
  userAgent: string | null
  ip: string | null
}

/** Sign-up and sign-in by e-mail address and password. */
export function createAccounts(parts: { store: Store; passwords: Passwords; sessions: Sessions; now: () => Date }) {
  const { store, passwords, sessions, now } = parts
  // Hashing takes memory and a whole core: two at once, and nobody waits longer than some seconds.
  const hashing = createGate({ concurrency: 2, waiting: 64 })

  /** Adds an account, its address confirmed; null when the address is taken. */
  async function create(
    account: { id: string; email: string; password: string; metadata: Record<string, unknown> },
    signIn: Client | null,
  ) {
    const passwordHash = await hashing.run(() => passwords.hash(account.password))
    const at = now()
    const profile = { sub: account.id, email: account.email, email_verified: true, phone_verified: false }
    const user: UserRow = {
      id: account.id,
      email: account.email,
      password_hash: passwordHash,
      email_confirmed_at: at,
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: { ...account.metadata, ...profile },
      banned_until: null,
      last_sign_in_at: signIn && at,
      created_at: at,
      updated_at: at,
    }
    const identity: IdentityRow = {
      id: randomUUID(),
      user_id: account.id,
      provider: 'email',
      provider_id: account.id,
      identity_data: { ...account.metadata, ...profile },
      last_sign_in_at: signIn && at,
      created_at: at,
      updated_at: at,
    }
    const session = signIn && sessions.begin(account.id, 'password', signIn)
    return (await store.createUser(user, identity, session)) ? { user, identities: [identity], session } : null
  }

  return {
    /** @throws GoTrueError validation_failed, email_address_invalid, weak_password or user_already_exists */
    async signUp(
      draft: { email: string; password: string; metadata: Record<string, unknown> },
      client: Client,
    ): Promise<Grant> {
      const email = canonicalEmail(draft.email)
      if (!email) {
        throw new GoTrueError(400, 'email_address_invalid', 'Unable to validate email address: invalid format')
      }
      requireStrongPassword(draft.password)
      if (Buffer.byteLength(JSON.stringify(draft.metadata)) > maximumMetadataBytes) {
        throw new GoTrueError(400, 'validation_failed', `User data can have ${maximumMetadataBytes} bytes at most`)
      }
      const taken = () => new GoTrueError(422, 'user_already_exists', 'User already registered')
      if (await store.findUserByEmail(email)) throw taken()
      const made = await create({ ...draft, email, id: randomUUID() }, client)
      if (!made?.session) throw taken()
      return sessions.grant({ ...made, session: made.session })
    },

    /** @throws GoTrueError invalid_credentials, user_banned or over_request_rate_limit */
    async signIn(credentials: { email: string; password: string }, client: Client): Promise<Grant> {
      const email = canonicalEmail(credentials.email)
      const account = hash('sha256', email ?? credentials.email, 'hex')
      const refused = new GoTrueError(400, 'invalid_credentials', 'Invalid login credentials')
      const found = email ? await store.findUserByEmail(email) : null

      // Counted inside the gate, before the password is looked at: however many guesses come at once, no more than
      // the limit are answered, while many sign-ins at once with the right password don't lock each other out.
      const newHash = await hashing.run(async () => {
        const { attempts, windowStartedAt } = await store.countAttempt(account, now(), attemptWindowSeconds)
        if (attempts > attemptsPerWindow) {
          throw tooManyRequests(attemptWindowSeconds - (now().getTime() - windowStartedAt.getTime()) / 1000)
        }
        const stored = found?.user.password_hash ?? null
        if (!(await passwords.verify(credentials.password, stored))) throw refused
        await store.forgetAttempts(account)
        return stored && passwords.isOutdated(stored) ? passwords.hash(credentials.password) : null
      })
      if (!found) throw refused

      const { user, identities } = found
      const at = now()
      if (user.banned_until && user.banned_until > at) throw new GoTrueError(400, 'user_banned', 'User is banned')
      const session = sessions.begin(user.id, 'password', client)
      await store.signIn(session, newHash)
      return sessions.grant({ user: { ...user, last_sign_in_at: at, updated_at: at }, identities, session })
    },

    /**
     * Makes sure that an account exists and has this password.
     *
     * @param account.id - its id if it has to be made.
     * @returns the account's id.
     * @throws PlatformError INVALID_ARGUMENT when the address, the password or the id can't be used.
     */
    async ensure(account: { email: string; password: string; id?: string }): Promise<{ id: string; created: boolean }> {
      const email = canonicalEmail(account.email)
      if (!email) throw new PlatformError('INVALID_ARGUMENT', 'not an e-mail address')
      try {
        requireStrongPassword(account.password)
      } catch (cause) {
        throw new PlatformError('INVALID_ARGUMENT', 'the password is too weak', { cause })
      }
      const id = account.id ?? randomUUID()
      let found = await store.findUserByEmail(email)
      if (!found) {
        if (await create({ id, email, password: account.password, metadata: {} }, null)) return { id, created: true }
        // Another start made it in between.
        found = await store.findUserByEmail(email)
      }
      if (!found) throw new PlatformError('INVALID_ARGUMENT', 'the id belongs to another account')
      const { user } = found
      if (!(await hashing.run(() => passwords.verify(account.password, user.password_hash)))) {
        await store.setPassword(user.id, await hashing.run(() => passwords.hash(account.password)), now())
      }
      return { id: user.id, created: false }
    },
  }
}

function requireStrongPassword(password: string): void {
  if (password === '') throw new GoTrueError(400, 'validation_failed', 'Signup requires a valid password')
  if (Buffer.byteLength(password) > maximumPasswordBytes) {
    throw new GoTrueError(400, 'validation_failed', `Password cannot be longer than ${maximumPasswordBytes} bytes`)
  }
  if ([...password].length < minimumPasswordLength) {
    const message = `Password should be at least ${minimumPasswordLength} characters.`
    throw new GoTrueError(422, 'weak_password', message, { extra: { weak_password: { reasons: ['length'] } } })
  }
}
