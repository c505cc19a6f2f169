import type postgres from 'postgres'

/**
 * Makes a schema of the embedded cloud's database, once, however many processes start at the same time.
 *
 * @param name - tells this schema's lock from others'.
 * @param statements - `create … if not exists` statements; all of them take effect or none.
 */
export async function ensureSchema(sql: postgres.Sql, name: string, statements: string): Promise<void> {
  // One message of several statements is one transaction in PostgreSQL. Without the lock two starts at once would
  // collide: "if not exists" looks first and creates later.
  await sql
    .unsafe(
      `select pg_advisory_xact_lock(hashtextextended('schema ${name}', 0)); create schema if not exists ${name}; ${statements}`,
    )
    .simple()
}
