import type postgres from 'postgres'

/** What an authorization code stands for. */
export interface CodeGrant {
  userId: string
  /** The PKCE challenge of whoever started the flow. */
  codeChallenge: string
  expiresAt: Date
}

/** The part of the store that keeps OAuth authorization codes, by their hash. */
export function createCodeStore(sql: postgres.Sql) {
  return {
    async add(codeHash: string, grant: CodeGrant): Promise<void> {
      await sql`
        insert into identity.authorization_codes (code_hash, user_id, code_challenge, expires_at)
        values (${codeHash}, ${grant.userId}, ${grant.codeChallenge}, ${grant.expiresAt})`
    },

    /** Spends a code: of several uses at once exactly one gets what it stands for. */
    async take(codeHash: string): Promise<CodeGrant | null> {
      const [row] = await sql<CodeGrant[]>`
        delete from identity.authorization_codes where code_hash = ${codeHash}
        returning user_id as "userId", code_challenge as "codeChallenge", expires_at as "expiresAt"`
      return row ?? null
    },
  }
}
