import type postgres from 'postgres'
import type { SessionRow } from './store.ts'

/** A second factor as the API shows it: all but its secret. */
export interface FactorRow {
  id: string
  friendly_name: string
  factor_type: string
  status: 'unverified' | 'verified'
  created_at: Date
  updated_at: Date
  last_challenged_at: Date | null
}

/** A column with the factors of each account. */
export function factorsOf(sql: postgres.Sql, user: string) {
  return sql`
    coalesce((
      select json_agg(json_build_object('id', f.id, 'friendly_name', f.friendly_name, 'factor_type', f.factor_type,
        'status', f.status, 'created_at', f.created_at, 'updated_at', f.updated_at,
        'last_challenged_at', f.last_challenged_at) order by f.created_at, f.id)
      from identity.factors f where f.user_id = ${sql(user)}.id
    ), '[]') as factors`
}

type Json<Row> = { [Name in keyof Row]: Row[Name] extends Date | null ? string : Row[Name] }

export function toFactor(row: Json<FactorRow>): FactorRow {
  return {
    ...row,
    created_at: new Date(row.created_at),
    updated_at: new Date(row.updated_at),
    last_challenged_at: row.last_challenged_at === null ? null : new Date(row.last_challenged_at),
  }
}

/** The part of the store that keeps second factors and the challenges to show them. */
export function createFactorStore(sql: postgres.Sql) {
  return {
    /** Adds a factor that is yet to be verified. False: the account has one of this name. */
    async add(factor: { id: string; userId: string; name: string; sealedSecret: string }, at: Date): Promise<boolean> {
      const made = await sql`
        insert into identity.factors
          (id, user_id, friendly_name, factor_type, status, sealed_secret, created_at, updated_at)
        values (${factor.id}, ${factor.userId}, ${factor.name}, 'totp', 'unverified', ${factor.sealedSecret}, ${at}, ${at})
        on conflict (user_id, friendly_name) do nothing
        returning id`
      return made.length === 1
    },

    /** Removes factors that nobody verified in time. */
    async removeAbandoned(userId: string, addedBefore: Date): Promise<void> {
      await sql`
        delete from identity.factors
        where user_id = ${userId} and status = 'unverified' and created_at <= ${addedBefore}`
    },

    /** False: the account has no such factor. */
    async challenge(
      challenge: { id: string; factorId: string; userId: string; expiresAt: Date },
      at: Date,
    ): Promise<boolean> {
      const made = await sql`
        with challenged as (
          update identity.factors set last_challenged_at = ${at}
          where id = ${challenge.factorId} and user_id = ${challenge.userId}
          returning id
        )
        insert into identity.challenges (id, factor_id, expires_at)
        select ${challenge.id}, id, ${challenge.expiresAt} from challenged
        returning id`
      return made.length === 1
    },

    /** The sealed secret of an account's factor and, if there is one of this id, when its challenge expires. */
    async find(userId: string, factorId: string, challengeId: string | null) {
      const [row] = await sql<{ sealedSecret: string; expiresAt: Date | null }[]>`
        select f.sealed_secret as "sealedSecret", c.expires_at as "expiresAt"
        from identity.factors f left join identity.challenges c on c.factor_id = f.id and c.id = ${challengeId}
        where f.id = ${factorId} and f.user_id = ${userId}`
      return row ?? null
    },

    /**
     * Takes a right code: the challenge is spent, the code's time step too, the session is raised to `aal2` with its
     * refresh token replaced; the account's weaker sessions and unverified factors go. Of several uses of one code
     * exactly one succeeds.
     */
    async accept(
      proof: { challengeId: string; factorId: string; step: number },
      session: Pick<SessionRow, 'id' | 'user_id' | 'amr'>,
      at: Date,
    ): Promise<boolean> {
      const raised = await sql`
        with challenge as (
          delete from identity.challenges
          where id = ${proof.challengeId} and factor_id = ${proof.factorId} and expires_at > ${at}
          returning factor_id
        ), used as (
          update identity.factors f set status = 'verified', last_used_step = ${proof.step}, updated_at = ${at}
          from challenge c
          where f.id = c.factor_id and f.user_id = ${session.user_id}
            and (f.last_used_step is null or f.last_used_step < ${proof.step})
          returning f.id, f.user_id
        ), raised as (
          update identity.sessions s
          set aal = 'aal2', amr = ${sql.typed(session.amr as never, 114)}, factor_id = used.id,
            refresh_counter = refresh_counter + 1, refreshed_at = ${at}
          from used
          where s.id = ${session.id} and s.user_id = used.user_id
          returning s.id, s.user_id
        ), ended as (
          delete from identity.sessions s using raised r where s.user_id = r.user_id and s.id <> r.id and s.aal <> 'aal2'
        ), dropped as (
          delete from identity.factors f using raised r
          where f.user_id = r.user_id and f.id <> ${proof.factorId} and f.status = 'unverified'
        )
        select id from raised`
      return raised.length === 1
    },

    /** Removes a factor, a verified one only if `verifiedToo`; sessions that it raised fall back to `aal1`. */
    async remove(userId: string, factorId: string, verifiedToo: boolean): Promise<boolean> {
      const gone = await sql`
        with gone as (
          delete from identity.factors
          where id = ${factorId} and user_id = ${userId} and (status = 'unverified' or ${verifiedToo})
          returning id
        ), lowered as (
          update identity.sessions s
          set aal = 'aal1', factor_id = null, amr = (
            select coalesce(json_agg(m), '[]') from json_array_elements(s.amr) m where m ->> 'method' <> 'totp')
          from gone where s.user_id = ${userId} and s.factor_id = gone.id
        )
        select id from gone`
      return gone.length === 1
    },
  }
}
