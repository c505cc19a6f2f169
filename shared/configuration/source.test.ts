import { describe, expect, test } from 'vitest'
import { PlatformError } from '../platform/errors.ts'
import { createEnvironmentSecrets } from '../platform/secrets/environment.ts'
import type { SecretStore } from '../platform/secrets/index.ts'
import { resolveReferences } from './references.ts'
import { createConfigSource } from './source.ts'

const cursorSecret = '0f3b8a6d7c5e4f2190a8b7c6d5e4f3a2'
const minimal = {
  PUBLIC_URL: 'https://adapt.example',
  FUNCTIONS_URL: 'https://functions.example',
  DATABASE_URL: 'sm://database-url',
  SUPABASE_URL: 'https://project.supabase.co',
  SUPABASE_ANON_KEY: 'anon',
  PUSH_SERVICE_ACCOUNTS: 'a@project.iam.gserviceaccount.com',
  SIGNING_SECRET: 'sm://signing',
  GOOGLE_CLOUD_PROJECT: 'project',
  GOOGLE_CLOUD_LOCATION: 'asia-south1',
  TASKS_SERVICE_ACCOUNT: 'a@project.iam.gserviceaccount.com',
}

/** Secrets that can be replaced, and a store that can be down. */
function secretsOf(values: Record<string, string>) {
  const state = { values, reads: 0, down: false }
  const store: SecretStore = {
    async read(name) {
      state.reads++
      if (state.down) throw new PlatformError('UNAVAILABLE', 'the secrets are unavailable')
      return createEnvironmentSecrets(state.values).read(name)
    },
  }
  return { state, store }
}
const stored = () => ({ DATABASE_URL: 'postgres://adapt_app:first@db.example/adapt', SIGNING: `${cursorSecret}\n` })

describe('references to secrets', () => {
  test('are replaced by what they refer to, without the line break at its end; the rest stays', async () => {
    const { store } = secretsOf(stored())
    const resolved = await resolveReferences({ ...minimal, OF_ANOTHER_PROGRAM: 'sm://nothing' }, store)
    expect(resolved).toEqual({
      ...minimal,
      DATABASE_URL: 'postgres://adapt_app:first@db.example/adapt',
      SIGNING_SECRET: cursorSecret,
      OF_ANOTHER_PROGRAM: 'sm://nothing',
    })
  })

  test('to secrets that are not there are all named', async () => {
    const { store } = secretsOf({})
    const resolving = resolveReferences({ ...minimal, CLAMD_HOST: 'sm://../clamd' }, store)
    await expect(resolving).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(resolving).rejects.toThrow(/3 problem.*DATABASE_URL.*"database-url".*CLAMD_HOST/s)
    await expect(resolving).rejects.toThrow(/SIGNING_SECRET: there is no secret "signing"/)
    await expect(resolving).rejects.not.toThrow('../clamd')
  })

  test('to themselves, in an environment that is its own store, are refused', async () => {
    const environment = { ...minimal, SIGNING_SECRET: 'sm://cursor-secret', DATABASE_URL: 'postgres://db.example/a' }
    const resolving = resolveReferences(environment, createEnvironmentSecrets(environment))
    await expect(resolving).rejects.toThrow(/SIGNING_SECRET: there is no secret/)
  })

  test('are not read where Google’s clients would log them', async () => {
    const { store, state } = secretsOf(stored())
    const loud = { ...minimal, GOOGLE_SDK_NODE_LOGGING: 'all' }
    const starting = createConfigSource({ ...loud, APP_ENV: 'production' }, store)
    await expect(starting).rejects.toThrow(/1 problem.*GOOGLE_SDK_NODE_LOGGING/s)
    expect(state.reads).toBe(0)
    expect((await createConfigSource(loud, store)).current().SIGNING_SECRET).toBe(cursorSecret)
  })

  test('say that the store failed when that is so', async () => {
    const { store, state } = secretsOf(stored())
    state.down = true
    await expect(resolveReferences(minimal, store)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})

describe('the configuration follows its secrets', () => {
  async function start() {
    const { store, state } = secretsOf(stored())
    const clock = { now: new Date('2026-11-21T10:00:00Z') }
    const source = await createConfigSource(minimal, store, { now: () => clock.now })
    const lines: string[] = []
    const tell = (message: string, fields: object = {}) => lines.push(`${message} ${JSON.stringify(fields)}`)
    source.tell({ info: tell, warn: tell })
    return { source, state, lines, pass: (seconds: number) => (clock.now = new Date(+clock.now + seconds * 1000)) }
  }
  const another = 'b81d0c9f3e7a4d5586c2f1a09e8d7b64'

  test('a replaced secret is read within five minutes, and what changed is told without its value', async () => {
    const { source, state, lines, pass } = await start()
    state.values = { ...stored(), SIGNING: another }
    pass(299)
    expect(source.current().SIGNING_SECRET).toBe(cursorSecret)
    pass(1)
    source.current()
    await expect.poll(() => source.current().SIGNING_SECRET).toBe(another)
    expect(lines).toEqual(['settings changed {"settings":["SIGNING_SECRET"]}'])
  })

  test('what went into a connection takes effect at the next start, and that is said', async () => {
    const { source, state, lines } = await start()
    state.values = { ...stored(), DATABASE_URL: 'postgres://adapt_app:second@db.example/adapt' }
    expect(await source.refresh()).toEqual(['DATABASE_URL'])
    expect(lines).toEqual(['settings changed that take effect at the next start {"settings":["DATABASE_URL"]}'])
  })

  test('the last good values stay while the store is down or holds what is not valid', async () => {
    const { source, state, lines } = await start()
    state.down = true
    expect(await source.refresh()).toEqual([])
    expect(source.problem()).toContain('DATABASE_URL')
    state.down = false
    state.values = { ...stored(), SIGNING: 'short' }
    expect(await source.refresh()).toEqual([])
    expect(source.problem()).toContain('SIGNING_SECRET')
    expect(source.current().SIGNING_SECRET).toBe(cursorSecret)
    expect(lines.join()).not.toContain('short"')
    state.values = stored()
    await source.refresh()
    expect(source.problem()).toBeNull()
  })

  test('many calls at once read the secrets once', async () => {
    const { source, state, pass } = await start()
    const before = state.reads
    pass(600)
    for (let call = 0; call < 100; call++) source.current()
    await source.refresh()
    expect(state.reads - before).toBe(2)
  })

  test('without references nothing is ever read again', async () => {
    const { store, state } = secretsOf({})
    const settings = { ...minimal, DATABASE_URL: 'postgres://db.example/a', SIGNING_SECRET: cursorSecret }
    const source = await createConfigSource(settings, store, { now: () => new Date(Date.now() + 1e9) })
    source.current()
    expect(state.reads).toBe(0)
  })
})
