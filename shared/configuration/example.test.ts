import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { ConfigSchema, readConfig } from '../config.ts'
import { envExample } from './example.ts'

const filled = {
  PUBLIC_URL: 'https://adapt.example',
  FUNCTIONS_URL: 'https://functions.example',
  DATABASE_URL: 'postgres://db.example/adapt',
  SUPABASE_URL: 'https://project.supabase.co',
  SUPABASE_ANON_KEY: 'anon',
  PUSH_SERVICE_ACCOUNTS: 'a@example.org',
  SIGNING_SECRET: '0f3b8a6d7c5e4f2190a8b7c6d5e4f3a2',
}

/** What the schema can't demand, since it depends on the drivers. */
const google = {
  GOOGLE_CLOUD_PROJECT: 'project',
  GOOGLE_CLOUD_LOCATION: 'asia-south1',
  TASKS_SERVICE_ACCOUNT: 'a@example.org',
}

test('the example names every setting, and asks for those without which nothing starts', () => {
  const text = envExample()
  for (const name of Object.keys(ConfigSchema.entries)) expect(text).toMatch(new RegExp(`^(# )?${name}=`, 'm'))
  expect(Object.keys(parseEnv(text)).sort()).toEqual(Object.keys(filled).sort())
  expect(Object.values(parseEnv(text)).filter(Boolean)).toEqual([])
})

test('the defaults that the example shows are those that hold without it', () => {
  const shown = parseEnv(envExample().replaceAll(/^# (?=[A-Z_]+=)/gm, ''))
  expect(readConfig({ ...shown, ...filled, ...google })).toEqual(readConfig({ ...filled, ...google }))
})
