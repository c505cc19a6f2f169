import { hash, randomUUID } from 'node:crypto'
import { PlatformError } from '../../errors.ts'
import { canonicalEmail } from './email.ts'
import { createGate } from './gate.ts'
import { GoTrueError, tooManyRequests } from './gotrue-error.ts'
import { requireStrongPassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'
import type { Grant, Sessions } from './sessions.ts'
import type { Account, IdentityRow, SessionRow, Store, UserRow } from './store.ts'

const attemptWindowSeconds = 300
const attemptsPerWindow = 10
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
    account: NewAccount,
    signIn: Client | null,
  ): Promise<(Account & { session: SessionRow | null }) | null> {
    const { provider = 'email' } = account
    const passwordHash = await hashing.run(() => passwords.hash(account.password))
    const at = now()
    const profile = profileOf(account)
    const user: UserRow = {
      id: account.id,
      email: account.email,
      password_hash: passwordHash,
      email_confirmed_at: at,
      app_metadata: { provider, providers: [provider] },
      user_metadata: { ...account.metadata, ...profile },
      banned_until: null,
      last_sign_in_at: signIn && at,
      created_at: at,
      updated_at: at,
    }
    const identity = identityOf(user, provider, { ...account.metadata, ...profile }, at)
    const session = signIn && sessions.begin(account.id, 'password', signIn)
    const made = await store.createUser(user, identity, session)
    return made ? { user, identities: [identity], factors: [], session } : null
  }

  /**
   * Checks a password, for an account that may not exist.
   *
   * @returns the hash made anew, when the stored one is of other work factors than today's.
   * @throws GoTrueError invalid_credentials or over_request_rate_limit
   */
  async function checkPassword(email: string, password: string, found: Account | null): Promise<string | null> {
    const account = hash('sha256', email, 'hex')
    // Counted inside the gate, before the password is looked at: however many guesses come at once, no more than
    // the limit are answered, while many sign-ins at once with the right password don't lock each other out.
    return hashing.run(async () => {
      const { attempts, windowStartedAt } = await store.countAttempt(account, now(), attemptWindowSeconds)
      if (attempts > attemptsPerWindow) {
        throw tooManyRequests(attemptWindowSeconds - (now().getTime() - windowStartedAt.getTime()) / 1000)
      }
      const stored = found?.user.password_hash ?? null
      if (!(await passwords.verify(password, stored))) {
        throw new GoTrueError(400, 'invalid_credentials', 'Invalid login credentials')
      }
      await store.forgetAttempts(account)
      return stored && passwords.isOutdated(stored) ? passwords.hash(password) : null
    })
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
      await requireStrongPassword(draft.password, email)
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
      const found = email ? await store.findUserByEmail(email) : null
      const newHash = await checkPassword(email ?? credentials.email, credentials.password, found)
      if (!found) throw new GoTrueError(400, 'invalid_credentials', 'Invalid login credentials')
      const at = now()
      requireNotBanned(found.user, at)
      const session = sessions.begin(found.user.id, 'password', client)
      await store.signIn(session, newHash)
      return sessions.grant({ ...found, user: { ...found.user, last_sign_in_at: at, updated_at: at }, session })
    },

    /**
     * Who signs in with the embedded provider, which knows the same passwords: an address that is new to it makes an
     * account, so its password has to be a strong one.
     *
     * @returns the account's id.
     * @throws GoTrueError as those of `signUp` and `signIn`
     */
    async signInWith(provider: string, credentials: { email: string; password: string }): Promise<string> {
      const email = canonicalEmail(credentials.email)
      if (!email) throw new GoTrueError(400, 'email_address_invalid', 'That is not an e-mail address')
      const found = await store.findUserByEmail(email)
      if (!found) {
        await requireStrongPassword(credentials.password, email)
        const id = randomUUID()
        if (await create({ id, email, password: credentials.password, metadata: {}, provider }, null)) return id
        // Two at once: the other one's password decides from now on.
        throw new GoTrueError(400, 'invalid_credentials', 'Invalid login credentials')
      }
      await checkPassword(email, credentials.password, found)
      const { user, identities } = found
      requireNotBanned(user, now())
      if (!identities.some((identity) => identity.provider === provider)) {
        await store.linkIdentity(identityOf(user, provider, profileOf(user), now()))
      }
      return user.id
    },

    /**
     * Opens a session for an account that has proved itself in another way.
     *
     * @throws GoTrueError user_not_found or user_banned
     */
    async open(userId: string, method: string, client: Client): Promise<Grant> {
      const found = await store.findUser(userId)
      if (!found) throw new GoTrueError(404, 'user_not_found', 'User not found')
      const at = now()
      requireNotBanned(found.user, at)
      const session = sessions.begin(userId, method, client)
      await store.signIn(session, null)
      return sessions.grant({ ...found, user: { ...found.user, last_sign_in_at: at, updated_at: at }, session })
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
        await requireStrongPassword(account.password, email)
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

interface NewAccount {
  id: string
  email: string
  password: string
  metadata: Record<string, unknown>
  /** Through whom it signed up; `email` when absent. */
  provider?: string
}

function profileOf({ id, email }: { id: string; email: string }) {
  return { sub: id, email, email_verified: true, phone_verified: false }
}

function identityOf(user: UserRow, provider: string, data: Record<string, unknown>, at: Date): IdentityRow {
  return {
    id: randomUUID(),
    user_id: user.id,
    provider,
    provider_id: user.id,
    identity_data: data,
    last_sign_in_at: user.last_sign_in_at && at,
    created_at: at,
    updated_at: at,
  }
}

function requireNotBanned(user: UserRow, at: Date): void {
  if (user.banned_until && user.banned_until > at) throw new GoTrueError(400, 'user_banned', 'User is banned')
}
