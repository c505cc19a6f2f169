import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import postgres from 'postgres'
import { PlatformError } from '#shared/platform/errors.ts'

const folder = new URL('./migrations/', import.meta.url)
/** Any constant: two migrators of the same database must not run at once. */
const advisoryLock = 7_224_003_917

export interface Migration {
  version: number
  name: string
  checksum: string
  sql: string
}

/**
 * Reads `NNNNNN_name.sql` in order of their number.
 * @throws Error when numbers repeat or have gaps
 */
export async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    files.map(async (file, index) => {
      const match = /^(\d{6})_([a-z0-9_]+)\.sql$/.exec(file)
      if (!match || Number(match[1]) !== index + 1) throw new Error(`migration ${file}: expected number ${index + 1}`)
      const sql = await readFile(new URL(file, folder), 'utf8')
      return { version: index + 1, name: match[2]!, checksum: createHash('sha256').update(sql).digest('hex'), sql }
    }),
  )
}

/**
 * Brings a database to the newest schema; safe to run many times and at once. Makes the role `adapt_app`, which the
 * application uses, when it isn't there.
 * @param ownerUrl connection of the role that owns the schema
 * @param appPassword the password `adapt_app` shall have
 * @returns names of the migrations that were applied now
 * @throws PlatformError DATA_DAMAGED when a migration that was applied has been edited since, or the database is newer than this code
 */
export async function migrate(ownerUrl: string, appPassword: string): Promise<string[]> {
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} })
  try {
    await sql`select pg_advisory_lock(${advisoryLock})`
    await ensureAppRole(sql, appPassword)
    await sql`create table if not exists schema_migrations (
      version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now()
    )`
    const applied = await sql<{ version: number; name: string; checksum: string }[]>`
      select version, name, checksum from schema_migrations order by version`
    const migrations = await readMigrations()
    if (applied.length > migrations.length) {
      throw new PlatformError(
        'DATA_DAMAGED',
        `The database was made by a newer release (schema ${applied.length}; this one knows ${migrations.length}). ` +
          'Nothing was changed: start that release, or use other data.',
      )
    }
    for (const [index, row] of applied.entries()) {
      if (row.checksum !== migrations[index]!.checksum) {
        throw new PlatformError(
          'DATA_DAMAGED',
          `Migration ${row.version} (${row.name}) is not the one that this database was made with. Nothing was changed: ` +
            'start the release that made it, or use other data.',
        )
      }
    }
    const missing = migrations.slice(applied.length)
    for (const migration of missing) {
      await sql.begin(async (transaction) => {
        await transaction.unsafe(migration.sql)
        await transaction`insert into schema_migrations (version, name, checksum)
          values (${migration.version}, ${migration.name}, ${migration.checksum})`
      })
    }
    return missing.map((migration) => migration.name)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** A role belongs to the whole cluster: another database's migrator may be making it at the same moment. */
async function ensureAppRole(sql: postgres.Sql, password: string): Promise<void> {
  const literal = `'${password.replaceAll("'", "''")}'`
  await sql.unsafe(`
    do $$ begin
      if not exists (select from pg_roles where rolname = 'adapt_app') then
        create role adapt_app login nosuperuser nobypassrls nocreatedb nocreaterole;
      end if;
    exception when duplicate_object or unique_violation then null;
    end $$`)
  await retryOnConflict(() => sql.unsafe(`alter role adapt_app password ${literal}`))
}

/** Two sessions that alter one role at once make PostgreSQL answer "tuple concurrently updated" to one of them. */
async function retryOnConflict(run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run()
      return
    } catch (error) {
      if ((error as { code?: string }).code !== 'XX000' || attempt === 10) throw error
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt))
    }
  }
}
