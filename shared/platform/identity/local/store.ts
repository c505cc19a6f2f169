import postgres from 'postgres'
import { ensureSchema } from '../../state/ensure-schema.ts'
import { createCodeStore } from './code-store.ts'
import { createFactorStore, type FactorRow, factorsOf, toFactor } from './factor-store.ts'

const schema = `
  create table if not exists identity.users (
    id uuid primary key,
    email text not null unique,
    password_hash text,
    email_confirmed_at timestamptz,
    app_metadata json not null,
    user_metadata json not null,
    banned_until timestamptz,
    last_sign_in_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
  );
  create table if not exists identity.identities (
    id uuid primary key,
    user_id uuid not null references identity.users on delete cascade,
    provider text not null,
    provider_id text not null,
    identity_data json not null,
    last_sign_in_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (provider, provider_id)
  );
  create index if not exists identities_by_user on identity.identities (user_id);
  create table if not exists identity.sessions (
    id uuid primary key,
    user_id uuid not null references identity.users on delete cascade,
    aal text not null,
    amr json not null,
    refresh_counter integer not null,
    refreshed_at timestamptz not null,
    created_at timestamptz not null,
    user_agent text,
    ip text
  );
  create index if not exists sessions_by_user on identity.sessions (user_id);
  alter table identity.sessions add column if not exists factor_id uuid;
  create table if not exists identity.factors (
    id uuid primary key,
    user_id uuid not null references identity.users on delete cascade,
    friendly_name text not null,
    factor_type text not null,
    status text not null,
    sealed_secret text not null,
    last_used_step bigint,
    last_challenged_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (user_id, friendly_name)
  );
  create table if not exists identity.challenges (
    id uuid primary key,
    factor_id uuid not null references identity.factors on delete cascade,
    expires_at timestamptz not null
  );
  create index if not exists challenges_by_factor on identity.challenges (factor_id);
  create table if not exists identity.authorization_codes (
    code_hash text primary key,
    user_id uuid not null references identity.users on delete cascade,
    code_challenge text not null,
    expires_at timestamptz not null
  );
  create index if not exists authorization_codes_by_user on identity.authorization_codes (user_id);
  create table if not exists identity.sign_in_attempts (
    account text primary key,
    attempts integer not null,
    window_started_at timestamptz not null
  );
`

export interface UserRow {
  id: string
  email: string
  password_hash: string | null
  email_confirmed_at: Date | null
  app_metadata: Record<string, unknown>
  user_metadata: Record<string, unknown>
  banned_until: Date | null
  last_sign_in_at: Date | null
  created_at: Date
  updated_at: Date
}

export interface IdentityRow {
  id: string
  user_id: string
  provider: string
  provider_id: string
  identity_data: Record<string, unknown>
  last_sign_in_at: Date | null
  created_at: Date
  updated_at: Date
}

export interface SessionRow {
  id: string
  user_id: string
  aal: 'aal1' | 'aal2'
  /** Authentication methods used, the latest first. */
  amr: { method: string; timestamp: number }[]
  refresh_counter: number
  refreshed_at: Date
  created_at: Date
  user_agent: string | null
  ip: string | null
  /** The second factor that raised it to `aal2`. */
  factor_id: string | null
}

/** An account with what the API shows of it, read in one statement. */
export interface Account {
  user: UserRow
  identities: IdentityRow[]
  factors: FactorRow[]
}

/** Who holds a session, read in one statement. */
export interface Holder extends Account {
  session: SessionRow
}

export type Store = Awaited<ReturnType<typeof openStore>>

/** Opens the issuer's tables. Each change is one statement, so that it happens wholly or not at all. */
export async function openStore(databaseUrl: string) {
  const sql = postgres(databaseUrl, {
    max: 4,
    idle_timeout: 60,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'identity' },
  })
  try {
    await ensureSchema(sql, 'identity', schema)
  } catch (error) {
    await sql.end({ timeout: 1 })
    throw error
  }

  // The type `json` (114), not `jsonb`, which refuses texts with a NUL character.
  const json = (value: object) => sql.typed(value as never, 114)
  const identitiesOf = (user: string) => sql`
    coalesce(
      (select json_agg(i order by i.created_at) from identity.identities i where i.user_id = ${sql(user)}.id), '[]'
    ) as identities`
  const accountOf = (user: string) =>
    sql`row_to_json(${sql(user)}) as user, ${identitiesOf(user)}, ${factorsOf(sql, user)}`
  const insertedSession = (session: SessionRow, from: string) => sql`
    insert into identity.sessions
      (id, user_id, aal, amr, refresh_counter, refreshed_at, created_at, user_agent, ip)
    select ${session.id}, id, ${session.aal}, ${json(session.amr)}, ${session.refresh_counter},
      ${session.refreshed_at}, ${session.created_at}, ${session.user_agent}, ${session.ip}
    from ${sql(from)}`

  return {
    /** Adds an account with its first identity, and signs it in when a session is given. False: the address or the id is taken. */
    async createUser(user: UserRow, identity: IdentityRow, session: SessionRow | null): Promise<boolean> {
      const made = await sql`
        with made as (
          insert into identity.users ${sql({
            ...user,
            app_metadata: json(user.app_metadata),
            user_metadata: json(user.user_metadata),
          })}
          on conflict do nothing
          returning id
        ), linked as (
          insert into identity.identities
            (id, user_id, provider, provider_id, identity_data, last_sign_in_at, created_at, updated_at)
          select ${identity.id}, id, ${identity.provider}, ${identity.provider_id}, ${json(identity.identity_data)},
            ${identity.last_sign_in_at}, ${identity.created_at}, ${identity.updated_at}
          from made
        )${session ? sql`, opened as (${insertedSession(session, 'made')})` : sql``}
        select id from made`
      return made.length === 1
    },

    async findUserByEmail(email: string): Promise<Account | null> {
      const [row] = await sql`select ${accountOf('u')} from identity.users u where email = ${email}`
      return row ? toAccount(row) : null
    },

    async findUser(id: string): Promise<Account | null> {
      const [row] = await sql`select ${accountOf('u')} from identity.users u where id = ${id}`
      return row ? toAccount(row) : null
    },

    /** Lets an account sign in by a further provider; does nothing when it can already. */
    async linkIdentity(identity: IdentityRow): Promise<void> {
      await sql`
        with linked as (
          insert into identity.identities ${sql({ ...identity, identity_data: json(identity.identity_data) })}
          on conflict do nothing
          returning user_id
        )
        update identity.users u
        set app_metadata = json_build_object('provider', app_metadata -> 'provider', 'providers',
          (app_metadata -> 'providers')::jsonb || to_jsonb(${identity.provider}::text))
        from linked where u.id = linked.user_id`
    },

    /** Removes an account with everything of it. False: there is none. */
    async deleteUser(id: string): Promise<boolean> {
      return (await sql`delete from identity.users where id = ${id} returning id`).length === 1
    },

    /** Opens a session, and keeps the re-made password hash if there is one. */
    async signIn(session: SessionRow, passwordHash: string | null): Promise<void> {
      await sql`
        with touched as (
          update identity.users
          set last_sign_in_at = ${session.created_at}, updated_at = ${session.created_at},
            password_hash = coalesce(${passwordHash}, password_hash)
          where id = ${session.user_id}
          returning id
        )
        ${insertedSession(session, 'touched')}`
    },

    async setPassword(userId: string, passwordHash: string, at: Date): Promise<void> {
      await sql`
        update identity.users set password_hash = ${passwordHash}, updated_at = ${at} where id = ${userId}`
    },

    async findHolder(sessionId: string): Promise<Holder | null> {
      const [row] = await sql`
        select ${accountOf('u')}, row_to_json(s) as session
        from identity.sessions s join identity.users u on u.id = s.user_id
        where s.id = ${sessionId}`
      return row ? toHolder(row) : null
    },

    /** Counts one refresh, if the session stands where its token says. Of several at once exactly one succeeds. */
    async advanceSession(sessionId: string, counter: number, activeSince: Date, at: Date): Promise<Holder | null> {
      const [row] = await sql`
        update identity.sessions s set refresh_counter = refresh_counter + 1, refreshed_at = ${at}
        from identity.users u
        where s.id = ${sessionId} and s.refresh_counter = ${counter} and s.refreshed_at > ${activeSince}
          and u.id = s.user_id and (u.banned_until is null or u.banned_until <= ${at})
        returning ${accountOf('u')}, row_to_json(s) as session`
      return row ? toHolder(row) : null
    },

    async endSession(sessionId: string): Promise<void> {
      await sql`delete from identity.sessions where id = ${sessionId}`
    },

    async endSessionsOf(userId: string, exceptSessionId: string | null): Promise<void> {
      await sql`
        delete from identity.sessions
        where user_id = ${userId} and (${exceptSessionId}::uuid is null or id <> ${exceptSessionId}::uuid)`
    },

    /** Counts a sign-in attempt for an account and returns how many there were in the current window. */
    async countAttempt(account: string, at: Date, windowSeconds: number) {
      const startedAfter = new Date(at.getTime() - windowSeconds * 1000)
      const [row] = await sql`
        insert into identity.sign_in_attempts as a (account, attempts, window_started_at) values (${account}, 1, ${at})
        on conflict (account) do update set
          attempts = case when a.window_started_at > ${startedAfter} then a.attempts + 1 else 1 end,
          window_started_at = case when a.window_started_at > ${startedAfter} then a.window_started_at else ${at} end
        returning attempts, window_started_at`
      return { attempts: row!.attempts as number, windowStartedAt: row!.window_started_at as Date }
    },

    async forgetAttempts(account: string): Promise<void> {
      await sql`delete from identity.sign_in_attempts where account = ${account}`
    },

    /** Removes sessions that were not refreshed since, attempts whose window is over, and what has expired. */
    async prune(before: { sessions: Date; attempts: Date; expiries: Date }): Promise<void> {
      await sql`delete from identity.sessions where refreshed_at <= ${before.sessions}`
      await sql`delete from identity.sign_in_attempts where window_started_at <= ${before.attempts}`
      await sql`delete from identity.challenges where expires_at <= ${before.expiries}`
      await sql`delete from identity.authorization_codes where expires_at <= ${before.expiries}`
    },

    factors: createFactorStore(sql),
    codes: createCodeStore(sql),

    async ping(): Promise<void> {
      await sql`select 1`
    },

    close: () => sql.end({ timeout: 2 }),
  }
}

type Json<Row> = { [Name in keyof Row]: Row[Name] extends Date | null ? string : Row[Name] }

const toDate = (text: string | null) => (text === null ? null : new Date(text))

function toUser(row: Json<UserRow>): UserRow {
  return {
    ...row,
    email_confirmed_at: toDate(row.email_confirmed_at),
    banned_until: toDate(row.banned_until),
    last_sign_in_at: toDate(row.last_sign_in_at),
    created_at: new Date(row.created_at),
    updated_at: new Date(row.updated_at),
  }
}

function toIdentity(row: Json<IdentityRow>): IdentityRow {
  return {
    ...row,
    last_sign_in_at: toDate(row.last_sign_in_at),
    created_at: new Date(row.created_at),
    updated_at: new Date(row.updated_at),
  }
}

function toSession(row: Json<SessionRow>): SessionRow {
  return { ...row, refreshed_at: new Date(row.refreshed_at), created_at: new Date(row.created_at) }
}

function toAccount(row: postgres.Row): Account {
  return {
    user: toUser(row.user),
    identities: row.identities.map(toIdentity),
    factors: row.factors.map(toFactor),
  }
}

function toHolder(row: postgres.Row): Holder {
  return { ...toAccount(row), session: toSession(row.session) }
}
