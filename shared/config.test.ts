import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

const minimal = {
  PUBLIC_URL: 'https://adapt.example',
  FUNCTIONS_URL: 'https://functions.example',
  DATABASE_URL: 'postgres://adapt_app:secret@db.example/adapt',
  SUPABASE_URL: 'https://project.supabase.co',
  SUPABASE_ANON_KEY: 'anon',
  PUSH_SERVICE_ACCOUNTS: 'a@example.org, b@example.org',
  CURSOR_SECRET: 'x'.repeat(32),
}

test('numbers and lists are read, and what is not given has its default', () => {
  expect(readConfig({ ...minimal, DATABASE_POOL_SIZE: '3', SOMETHING_ELSE: 'ignored' })).toMatchObject({
    DATABASE_POOL_SIZE: 3,
    DATABASE_TIMEOUT: 30,
    PUSH_SERVICE_ACCOUNTS: ['a@example.org', 'b@example.org'],
    CORS_ORIGINS: [],
    APP_ENV: 'development',
  })
})

test('every problem is named at once, and no value is shown', () => {
  const read = () =>
    readConfig({ ...minimal, DATABASE_URL: 'hunter2', DATABASE_POOL_SIZE: 'many', CURSOR_SECRET: 'short' })
  expect(read).toThrow(/3 problem/)
  expect(read).toThrow(/DATABASE_URL/)
  expect(read).toThrow(/DATABASE_POOL_SIZE/)
  expect(read).toThrow(/CURSOR_SECRET/)
  expect(read).not.toThrow(/hunter2/)
})

test('an empty value counts as absent', () => {
  expect(readConfig({ ...minimal, DATABASE_TIMEOUT: '' }).DATABASE_TIMEOUT).toBe(30)
  expect(() => readConfig({ ...minimal, SUPABASE_URL: '' })).toThrow(/SUPABASE_URL/)
})
