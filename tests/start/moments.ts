import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Moments of a first start, in their order, told by what is on the disk. */
export const moments: Record<string, (dataFolder: string) => boolean> = {
  'while the database is made': (dataFolder) =>
    namesIn(dataFolder).some((name) => existsSync(join(dataFolder, name, 'PG_VERSION'))),
  'when the database has been made': (dataFolder) => existsSync(join(dataFolder, 'postgres', 'PG_VERSION')),
  'while the database starts': (dataFolder) => existsSync(join(dataFolder, 'postgres', 'postmaster.pid')),
  'while the schema is made': (dataFolder) => existsSync(join(dataFolder, 'keys', 'database.secret')),
  'while the parts are opened': (dataFolder) => namesIn(join(dataFolder, 'keys')).length >= 3,
  'just before it is ready': (dataFolder) => existsSync(join(dataFolder, 'keys', 'objects.secret')),
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}
