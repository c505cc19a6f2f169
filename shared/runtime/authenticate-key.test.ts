import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { newApiKey, parseApiKey } from '#shared/domain/api-keys/key.ts'
import { newId } from '#shared/domain/ids.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../tests/setup/database.ts'
import type { Demand } from './authenticate.ts'
import { KeyAuthenticator } from './authenticate-key.ts'

let clone: TestDatabase
let owner: postgres.Sql
let database: Database
let orgId: string
let now: Date

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  database = clone.open()
})
beforeEach(async () => {
  now = new Date('2026-11-20T12:00:00Z')
  orgId = newId()
  await owner`insert into organizations (id, name) values (${orgId}, 'o')`
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

/** As one instance of the product: each has a cache of its own. */
const config = { DEFAULT_PLAN: 'enterprise' }
const instance = () => new KeyAuthenticator({ database, config, now: () => now })
const pass = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000)
}
const reading: Demand = { access: 'intelligence:read' }
const anywhere = { orgId: null, workspaceId: null }

async function makeKey(row: { scopes?: string[]; expires_at?: Date; workspace_id?: string } = {}): Promise<string> {
  const key = newApiKey()
  const { sha256, prefix } = parseApiKey(key)!
  await owner`insert into api_keys (id, org_id, name, prefix, key_sha256, scopes, expires_at, workspace_id)
    values (${newId()}, ${orgId}, 'k', ${prefix}, decode(${sha256}, 'hex'),
      ${owner.json(row.scopes ?? ['intelligence:read'])}, ${row.expires_at ?? null}, ${row.workspace_id ?? null})`
  return key
}

async function makeWorkspace(): Promise<string> {
  const id = newId()
  await owner`insert into workspaces (id, org_id, name) values (${id}, ${orgId}, ${id})`
  return id
}

const revoke = (key: string) =>
  owner`update api_keys set revoked_at = now() where key_sha256 = decode(${parseApiKey(key)!.sha256}, 'hex')`

const invalid = { code: 'UNAUTHENTICATED', message: 'The API key is not valid' }

test('a revoked key is refused by every instance five seconds later, and at once by one that has not seen it', async () => {
  const key = await makeKey()
  const [one, other, fresh] = [instance(), instance(), instance()]
  await one.authenticate(key, reading, anywhere)
  pass(3)
  await other.authenticate(key, reading, anywhere)
  await revoke(key)
  await expect(fresh.authenticate(key, reading, anywhere)).rejects.toMatchObject(invalid)
  pass(2)
  await expect(one.authenticate(key, reading, anywhere)).rejects.toMatchObject(invalid)
  pass(3)
  await expect(other.authenticate(key, reading, anywhere)).rejects.toMatchObject(invalid)
})

test('using a key does not lengthen the time for which it is believed', async () => {
  const key = await makeKey()
  const one = instance()
  await one.authenticate(key, reading, anywhere)
  await revoke(key)
  for (const seconds of [2, 2, 0.9]) {
    pass(seconds)
    await one.authenticate(key, reading, anywhere)
  }
  pass(0.1)
  await expect(one.authenticate(key, reading, anywhere)).rejects.toMatchObject(invalid)
})

test('a key that is revoked while it is being loaded is believed for no longer', async () => {
  const key = await makeKey()
  // Time goes by between the look and its answer.
  const slow: Pick<Database, 'transaction'> = {
    async transaction(...parameters) {
      const result = await database.transaction(...parameters)
      await revoke(key)
      pass(4)
      return result
    },
  }
  const one = new KeyAuthenticator({ database: { ...database, ...slow }, config, now: () => now })
  await one.authenticate(key, reading, anywhere)
  pass(1)
  await expect(one.authenticate(key, reading, anywhere)).rejects.toMatchObject(invalid)
})

test('an expired key is refused the moment it expires, though it was loaded just before', async () => {
  const key = await makeKey({ expires_at: new Date(now.getTime() + 2000) })
  const one = instance()
  await one.authenticate(key, reading, anywhere)
  pass(1.999)
  await one.authenticate(key, reading, anywhere)
  pass(0.001)
  await expect(one.authenticate(key, reading, anywhere)).rejects.toMatchObject(invalid)
})

test('what is newly allowed is allowed at once: a refusal never rests on what was loaded before', async () => {
  const key = await makeKey()
  const one = instance()
  const first = await makeWorkspace()
  expect(await one.authenticate(key, reading, anywhere)).toMatchObject({ workspaceId: first })
  const second = await makeWorkspace()
  expect(await one.authenticate(key, reading, { orgId: null, workspaceId: second })).toMatchObject({
    workspaceId: second,
  })
})

test('keys of an organization that is being deleted, or of a workspace that is, are no keys', async () => {
  const workspace = await makeWorkspace()
  const bound = await makeKey({ workspace_id: workspace })
  const free = await makeKey()
  await owner`update workspaces set deleting_at = now() where id = ${workspace}`
  await expect(instance().authenticate(bound, reading, anywhere)).rejects.toMatchObject(invalid)
  expect(await instance().authenticate(free, reading, anywhere)).toMatchObject({ workspaceId: null })
  await owner`update organizations set deleting_at = now() where id = ${orgId}`
  await expect(instance().authenticate(free, reading, anywhere)).rejects.toMatchObject(invalid)
  await expect(instance().authenticate(free, { ...reading, whileDeleting: true }, anywhere)).rejects.toMatchObject(
    invalid,
  )
})

test('a scope that keys cannot have is worth nothing, even if a row holds it', async () => {
  const key = await makeKey({ scopes: ['keys:manage', 'billing:manage', 'nonsense', 'audit:read'] })
  const machine = await instance().authenticate(key, { access: 'audit:read' }, anywhere)
  expect([...machine.permissions]).toEqual(['audit:read'])
  await expect(instance().authenticate(key, { access: 'keys:manage' }, anywhere)).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message: 'This API key lacks the scope keys:manage',
  })
})

test('what is no key is refused without asking the database, and guesses are not kept', async () => {
  let asked = 0
  const counting: Pick<Database, 'transaction'> = {
    transaction(...parameters) {
      asked++
      return database.transaction(...parameters)
    },
  }
  const one = new KeyAuthenticator({ database: { ...database, ...counting }, config, now: () => now })
  for (const text of ['', 'rfa_', `rfa_${'0'.repeat(33)}`, `${newApiKey()}x`]) {
    await expect(one.authenticate(text, reading, anywhere)).rejects.toMatchObject(invalid)
  }
  expect(asked).toBe(0)
  const guess = newApiKey()
  await expect(one.authenticate(guess, reading, anywhere)).rejects.toMatchObject(invalid)
  await expect(one.authenticate(guess, reading, anywhere)).rejects.toMatchObject(invalid)
  expect(asked).toBe(2)
  const key = await makeKey()
  await one.authenticate(key, reading, anywhere)
  await one.authenticate(key, reading, anywhere)
  expect(asked).toBe(3)
})

test('a good key is noted as used even where it may not go, a bad one never', async () => {
  const one = instance()
  await expect(one.authenticate(newApiKey(), reading, anywhere)).rejects.toMatchObject(invalid)
  expect(one.lastUse.isEmpty).toBe(true)
  await expect(one.authenticate(await makeKey(), { access: 'audit:read' }, anywhere)).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
  })
  expect(one.lastUse.isEmpty).toBe(false)
})
