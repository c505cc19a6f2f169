import { describe, expect, test } from 'vitest'
import { type Environment, readConfig } from './config.ts'

const minimal = {
  PUBLIC_URL: 'https://adapt.example',
  FUNCTIONS_URL: 'https://functions.example',
  DATABASE_URL: 'postgres://adapt_app:hunter2-hunter2-hunter2@db.example/adapt?sslmode=verify-full',
  SUPABASE_URL: 'https://project.supabase.co',
  SUPABASE_ANON_KEY: 'anon',
  PUSH_SERVICE_ACCOUNTS: 'a@project.iam.gserviceaccount.com, b@project.iam.gserviceaccount.com',
  SIGNING_SECRET: '0f3b8a6d7c5e4f2190a8b7c6d5e4f3a2',
  GOOGLE_CLOUD_PROJECT: 'project',
  GOOGLE_CLOUD_LOCATION: 'asia-south1',
  TASKS_SERVICE_ACCOUNT: 'b@project.iam.gserviceaccount.com',
}
/** What the drivers of one machine need beside the rest. */
const oneMachine = { OBJECTS_FOLDER: '/data', OBJECTS_SECRET: '9c1d52e7a4b84f06b3e8d7c6f5a49382' }

function problemsOf(environment: Environment): string {
  try {
    readConfig(environment)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test('numbers and lists are read, and what is not given has its default', () => {
  expect(readConfig({ ...minimal, DATABASE_POOL_SIZE: '3', SOMETHING_ELSE: 'ignored' })).toMatchObject({
    DATABASE_POOL_SIZE: 3,
    DATABASE_TIMEOUT: 30,
    PUSH_SERVICE_ACCOUNTS: ['a@project.iam.gserviceaccount.com', 'b@project.iam.gserviceaccount.com'],
    CORS_ORIGINS: [],
    APP_ENV: 'development',
  })
})

test('every problem is named at once, and no value is shown', () => {
  const read = () =>
    readConfig({ ...minimal, DATABASE_URL: 'hunter2', DATABASE_POOL_SIZE: 'many', SIGNING_SECRET: 'short' })
  expect(read).toThrow(/3 problem/)
  expect(read).toThrow(/DATABASE_URL/)
  expect(read).toThrow(/DATABASE_POOL_SIZE/)
  expect(read).toThrow(/SIGNING_SECRET/)
  expect(read).not.toThrow(/hunter2/)
})

test('an empty value counts as absent', () => {
  expect(readConfig({ ...minimal, DATABASE_TIMEOUT: '' }).DATABASE_TIMEOUT).toBe(30)
  expect(() => readConfig({ ...minimal, SUPABASE_URL: '' })).toThrow(/SUPABASE_URL/)
})

test('a slash at the end of an address is dropped, since paths are appended', () => {
  expect(readConfig({ ...minimal, PUBLIC_URL: 'https://adapt.example/' }).PUBLIC_URL).toBe('https://adapt.example')
})

describe.each(['staging', 'production'])('%s', (APP_ENV) => {
  const production = { ...minimal, APP_ENV, TRUSTED_PROXY_HOPS: '1' }

  test('starts with settings that are safe', () => {
    expect(readConfig(production).APP_ENV).toBe(APP_ENV)
    const socket = 'postgres://adapt_app@localhost/adapt?host=/cloudsql/project:region:instance'
    expect(problemsOf({ ...production, DATABASE_URL: socket })).toBe('')
    expect(problemsOf({ ...production, CORS_ORIGINS: 'https://console.example, https://b.example:8443' })).toBe('')
  })

  test('takes every setting that is not of a driver of one machine', () => {
    const settings = {
      TRUSTED_PROXY_HOPS: '2',
      RATE_LIMIT_PRINCIPAL_PER_MINUTE: '50',
      RATE_LIMIT_ADDRESS_PER_MINUTE: '60',
    }
    expect(readConfig({ ...production, ...settings })).toMatchObject({
      TRUSTED_PROXY_HOPS: 2,
      RATE_LIMIT_PRINCIPAL_PER_MINUTE: 50,
      RATE_LIMIT_ADDRESS_PER_MINUTE: 60,
    })
  })

  const webhookSecret = '7d1e94b2c60fa35878e1'
  const sameSecrets = { RAZORPAY_WEBHOOK_SECRET: webhookSecret, RAZORPAY_WEBHOOK_SECRET_PREVIOUS: webhookSecret }
  const unsafe: [string, Record<string, string>, RegExp][] = [
    ['an address without TLS', { PUBLIC_URL: 'http://adapt.example' }, /PUBLIC_URL: must be https/],
    ['a sign-in without TLS', { SUPABASE_URL: 'http://project.supabase.co' }, /SUPABASE_URL: must be https/],
    ['an address with a password', { PUBLIC_URL: 'https://a:b@adapt.example' }, /PUBLIC_URL: must not hold/],
    ['any origin', { CORS_ORIGINS: '*' }, /CORS_ORIGINS/],
    ['an origin without TLS', { CORS_ORIGINS: 'https://a.example,http://b.example' }, /CORS_ORIGINS/],
    ['an origin with a path', { CORS_ORIGINS: 'https://a.example/app' }, /CORS_ORIGINS/],
    ['an embedded driver', { OBJECTS_FOLDER: '/tmp' }, /OBJECTS_FOLDER: belongs to a driver/],
    ['an emulator of Pub/Sub', { PUBSUB_EMULATOR_HOST: 'localhost:8085' }, /PUBSUB_EMULATOR_HOST: leads to an/],
    ['an emulator of Storage', { STORAGE_EMULATOR_URL: 'http://127.0.0.1:1' }, /STORAGE_EMULATOR_URL: leads to an/],
    ['an emulator that only the client knows of', { STORAGE_EMULATOR_HOST: 'http://a:1' }, /STORAGE_EMULATOR_HOST: le/],
    ['an emulator of secrets', { SECRET_MANAGER_EMULATOR_HOST: 'localhost:1' }, /SECRET_MANAGER_EMULATOR_HOST: /],
    ['clients that log secrets', { GOOGLE_SDK_NODE_LOGGING: 'all' }, /GOOGLE_SDK_NODE_LOGGING: makes Google's clients/],
    [
      'another issuer of pushes',
      { PUSH_ISSUER: 'https://evil.example' },
      /PUSH_ISSUER: must be https:\/\/accounts.goo/,
    ],
    [
      'other keys of pushes',
      { PUSH_JWKS_URL: 'https://evil.example/keys' },
      /PUSH_JWKS_URL: must be https:\/\/www.goo/,
    ],
    ['a plain secret', { SIGNING_SECRET: 'x'.repeat(32) }, /SIGNING_SECRET: is no secret/],
    ['an example as a secret', { SIGNING_SECRET: 'change-me-0123456789-abcdefghijkl' }, /SIGNING_SECRET: is no secret/],
    [
      'one secret for two purposes',
      { SUPABASE_ANON_KEY: minimal.SIGNING_SECRET },
      /must be another value than SIGNING/,
    ],
    ['no password', { DATABASE_URL: 'postgres://adapt_app@db.example/a?sslmode=require' }, /must hold a password/],
    ['a short password', { DATABASE_URL: 'postgres://adapt_app:adapt@db.example/a?sslmode=require' }, /short or a/],
    ['a database without TLS', { DATABASE_URL: `postgres://adapt_app:${'k7'.repeat(8)}@db.example/a` }, /demand TLS/],
    ['TLS that is optional', { DATABASE_URL: `${minimal.DATABASE_URL.split('?')[0]}?sslmode=prefer` }, /demand TLS/],
    ['a superuser', { DATABASE_URL: `postgres://postgres:${'k7'.repeat(8)}@127.0.0.1/a` }, /role adapt_app/],
    ['another database', { DATABASE_URL: 'mysql://adapt_app:k7k7k7k7k7k7@127.0.0.1/a' }, /postgres:\/\/ URL/],
    ['the key of the embedded issuer', { SUPABASE_ANON_KEY: 'local' }, /SUPABASE_ANON_KEY/],
    [
      'pushes of anybody with a Google account',
      { PUSH_SERVICE_ACCOUNTS: 'me@gmail.com', TASKS_SERVICE_ACCOUNT: 'me@gmail.com' },
      /PUSH_SERVICE_ACCOUNTS: each must be a service account/,
    ],
    ['a plain secret of webhooks', { RAZORPAY_WEBHOOK_SECRET: 'password1' }, /RAZORPAY_WEBHOOK_SECRET: is no secret/],
    ['the same secret of webhooks before and after', sameSecrets, /RAZORPAY_WEBHOOK_SECRET_PREVIOUS: must be another/],
    ['mails that others can read', { SMTP_URL: 'smtp://mail.example:25' }, /SMTP_URL: must be smtps/],
    ['proxies that are not counted', { TRUSTED_PROXY_HOPS: '0' }, /TRUSTED_PROXY_HOPS: must count/],
    ['a misspelt setting', { DATABASE_POOLSIZE: '3' }, /DATABASE_POOLSIZE: .* did you mean DATABASE_POOL_SIZE\?/],
    ['an unknown setting of ours', { SUPABASE_SERVICE: 'x' }, /SUPABASE_SERVICE: is no setting/],
  ]
  test.each(unsafe)('refuses to start with %s', (_what, settings, message) => {
    expect(problemsOf({ ...production, ...settings })).toMatch(message)
    // What is only unsafe stands in nobody's way at home.
    expect(problemsOf({ ...minimal, ...settings, APP_ENV: 'development' })).toBe('')
  })

  test('names problems of single settings and of all together at once', () => {
    const problems = problemsOf({
      ...production,
      PUBLIC_URL: 'http://a.example',
      DATABASE_TIMEOUT: 'x',
      CORS_ORIGINS: '*',
    })
    expect(problems).toMatch(/3 problem/)
    for (const name of ['PUBLIC_URL', 'DATABASE_TIMEOUT', 'CORS_ORIGINS']) expect(problems).toContain(name)
  })

  test('lets the drivers of one machine have their settings where they are in use', () => {
    const settings = { ...minimal, ...oneMachine, APP_ENV, PUBLIC_URL: 'http://127.0.0.1:8787' }
    expect(readConfig(settings, { embeddedDrivers: true }).OBJECTS_FOLDER).toBe('/data')
  })
})

test('plans are not sold for money that there is none of: test keys are not for production', () => {
  const settings = { ...minimal, TRUSTED_PROXY_HOPS: '1', RAZORPAY_KEY_ID: 'rzp_test_29QQoUBi66xm2f' }
  expect(problemsOf({ ...settings, APP_ENV: 'production' })).toMatch(/RAZORPAY_KEY_ID: is a test key/)
  expect(problemsOf({ ...settings, APP_ENV: 'staging' })).toBe('')
  expect(problemsOf({ ...settings, APP_ENV: 'production', RAZORPAY_KEY_ID: 'rzp_live_29QQoUBi66xm2f' })).toBe('')
})

test('mails go out encrypted, or to a server of this machine', () => {
  const settings = { ...minimal, TRUSTED_PROXY_HOPS: '1', APP_ENV: 'production' }
  for (const SMTP_URL of ['smtps://mail.example', 'smtp://user:secret@mail.example:587', 'smtp://127.0.0.1:25']) {
    expect(problemsOf({ ...settings, SMTP_URL })).toBe('')
  }
})

describe('the drivers in use', () => {
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(minimal).filter(([name]) => !names.includes(name)))

  test('of Google Cloud need their settings everywhere, and all that are missing are named at once', () => {
    for (const APP_ENV of ['development', 'production']) {
      const names = ['GOOGLE_CLOUD_PROJECT', 'GOOGLE_CLOUD_LOCATION', 'TASKS_SERVICE_ACCOUNT']
      const problems = problemsOf({ ...without(...names), APP_ENV, TRUSTED_PROXY_HOPS: '1' })
      expect(problems).toMatch(/3 problem/)
      for (const name of names) expect(problems).toContain(`${name}: is needed by the drivers of Google Cloud`)
    }
  })

  test('of Google Cloud want a region, buckets that can be, and tasks whose tokens are accepted', () => {
    expect(problemsOf({ ...minimal, GOOGLE_CLOUD_LOCATION: 'global' })).toMatch(/GOOGLE_CLOUD_LOCATION: must be a reg/)
    expect(problemsOf({ ...minimal, BUCKET_ENVIRONMENT: 'My Bucket' })).toMatch(/BUCKET_ENVIRONMENT: must be a part/)
    const TASKS_SERVICE_ACCOUNT = 'c@project.iam.gserviceaccount.com'
    expect(problemsOf({ ...minimal, TASKS_SERVICE_ACCOUNT })).toMatch(/TASKS_SERVICE_ACCOUNT: must be one of PUSH_SER/)
    expect(problemsOf({ ...minimal, FIRESTORE_EMULATOR_HOST: 'http://localhost' })).toMatch(/must be host:port/)
  })

  test('of one machine need theirs, and nothing of Google Cloud', () => {
    const settings = without('GOOGLE_CLOUD_PROJECT', 'GOOGLE_CLOUD_LOCATION', 'TASKS_SERVICE_ACCOUNT')
    const options = { embeddedDrivers: true }
    expect(() => readConfig(settings, options)).toThrow(/2 problem.*OBJECTS_FOLDER.*OBJECTS_SECRET/s)
    expect(readConfig({ ...settings, ...oneMachine }, options)).toMatchObject(oneMachine)
    // What other programs of this machine go by is nobody's problem here.
    const others = { GOOGLE_CLOUD_LOCATION: 'global', GOOGLE_SDK_NODE_LOGGING: 'all' }
    expect(readConfig({ ...settings, ...oneMachine, ...others }, options)).toMatchObject(oneMachine)
  })
})

describe('names that look like ours', () => {
  const warningsOf = (settings: Environment) => {
    const warnings: string[] = []
    readConfig({ ...minimal, ...settings }, { warn: (message) => warnings.push(message) })
    return warnings
  }

  test('are pointed out in development, with the right one', () => {
    expect(
      warningsOf({ DATABASE_POOLSIZE: '3', LOGLEVEL: 'debug', MAXIMUM_UPLOAD_BYTE: '1', CLAMD_PROT: '1' }),
    ).toEqual([
      'CLAMD_PROT: is no setting of this product; did you mean CLAMD_PORT?',
      'DATABASE_POOLSIZE: is no setting of this product; did you mean DATABASE_POOL_SIZE?',
      'LOGLEVEL: is no setting of this product; did you mean LOG_LEVEL?',
      'MAXIMUM_UPLOAD_BYTE: is no setting of this product; did you mean MAXIMUM_UPLOAD_BYTES?',
    ])
  })

  test('of other programs are left alone, and their values are never shown', () => {
    expect(
      warningsOf({ PATH: '/bin', LOG_EXECUTION_ID: 'true', FUNCTION_TARGET: 'x', K_SERVICE: 'y', PORT: '1' }),
    ).toEqual([])
    expect(warningsOf({ DATABASE_PASSWORD: 'hunter2' }).join()).not.toContain('hunter2')
  })
})
