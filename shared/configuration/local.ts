import * as v from 'valibot'
import type { Environment } from '../config.ts'

/** What `npm start` alone reads from the environment. */
export const localSettings = {
  PORT: v.pipe(v.optional(v.string(), '8787'), v.description('Port of the product; 0 is any that is free')),
  HOST: v.pipe(
    v.optional(v.string(), '127.0.0.1'),
    v.description('Address to listen on; one that others can reach wants a DEMO_PASSWORD of your own'),
  ),
  DATA_FOLDER: v.pipe(v.optional(v.string(), '.data'), v.description('Folder of the database, files and keys')),
  DEMO_PASSWORD: v.pipe(
    v.optional(v.string()),
    v.metadata({ secret: true }),
    v.description('Password of the demo account; without it the one that npm start shows'),
  ),
}

/** Those settings; empty values count as absent. */
export function readLocalSettings(environment: Environment) {
  const given = Object.entries(environment).filter(([, value]) => value)
  return v.parse(v.object(localSettings), Object.fromEntries(given))
}
