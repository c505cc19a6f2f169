import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { setOperator } from '#shared/domain/tenancy/operators.ts'
import { nobody, system } from '#shared/platform/database/index.ts'
import { cloneDatabase, type TestDatabase } from '../../tests/setup/database.ts'

const program = fileURLToPath(new URL('../adapt.ts', import.meta.url))

let clone: TestDatabase
let owner: postgres.Sql
let folder: string

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  folder = await mkdtemp(join(tmpdir(), 'adapt-operator-'))
})
beforeEach(async () => {
  await owner`delete from users`
})
afterAll(async () => {
  await owner.end()
  await clone.drop()
  await rm(folder, { recursive: true, force: true })
})

interface Run {
  code: number
  output: string
  errors: string
}

/** Runs `npm run adapt -- operator …`, as its own process, on the test's database. */
function operator(args: string[], environment: Record<string, string> = { DATABASE_OWNER_URL: clone.ownerUrl }) {
  return new Promise<Run>((resolve) => {
    execFile(
      process.execPath,
      [program, 'operator', ...args],
      { env: { PATH: process.env.PATH, ...environment }, cwd: folder },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    )
  })
}

async function newUser(email: string): Promise<string> {
  const id = newId()
  await owner`insert into users (id, auth_sub, email) values (${id}, ${id}, ${email})`
  return id
}

const isOperator = async (id: string) =>
  (await owner`select operator_since from users where id = ${id}`)[0]?.operator_since !== null

describe('adapt operator', () => {
  test('grants, lists and revokes, whatever the case of the address, and says when nothing changes', async () => {
    const id = await newUser('Ada@example.org')
    await newUser('bob@example.org')
    expect(await operator(['list'])).toMatchObject({ code: 0, output: 'There are no operators.\n' })
    const granted = await operator(['grant', 'ada@example.org'])
    expect(granted).toMatchObject({ code: 0, output: 'ada@example.org is an operator now.\n' })
    expect(await isOperator(id)).toBe(true)
    expect((await operator(['grant', 'ada@example.org'])).output).toContain('nothing changed')
    expect((await operator(['list'])).output).toMatch(/^Ada@example\.org {2}since \d{4}-\d\d-\d\dT\S+Z\n$/)
    expect((await operator(['revoke', 'ada@example.org'])).code).toBe(0)
    expect(await isOperator(id)).toBe(false)
  })

  test('fails with one sentence for an address of nobody, of someone deleted, and of several', async () => {
    await newUser('twice@example.org')
    await newUser('Twice@example.org')
    const gone = await newUser('gone@example.org')
    await owner`update users set deleted_at = now() where id = ${gone}`
    for (const email of ['nobody@example.org', 'gone@example.org', 'twice@example.org']) {
      const { code, errors } = await operator(['grant', email])
      expect(code, email).toBe(1)
      expect(errors, email).toMatch(/^[^\n]+\n$/)
    }
    expect(await owner`select 1 from users where operator_since is not null`).toHaveLength(0)
  })

  test('asks for its arguments', async () => {
    for (const args of [[], ['grant'], ['list', 'x@example.org'], ['promote', 'x@example.org'], ['grant', 'a', 'b']]) {
      expect((await operator(args)).code, args.join(' ')).toBe(2)
    }
  })

  test('says what to do where there is no database, and where it does not answer; never its password', async () => {
    const nowhere = await operator(['list'], { DATA_FOLDER: folder })
    expect(nowhere).toMatchObject({ code: 1, errors: expect.stringContaining('npm start') })
    const silent = await operator(['list'], { DATABASE_OWNER_URL: 'postgres://owner:hidden-word@127.0.0.1:1/adapt' })
    expect(silent).toMatchObject({ code: 1, errors: expect.stringContaining('Is the product running?') })
    const refused = new URL(clone.ownerUrl)
    refused.password = 'hidden-word'
    const wrong = await operator(['list'], { DATABASE_OWNER_URL: refused.href })
    expect(wrong).toMatchObject({ code: 1, errors: expect.stringContaining('refuses') })
    expect(silent.errors + wrong.errors).not.toContain('hidden-word')
  })
})

test('works for an owner of the schema who is no superuser, as in production', async () => {
  const id = await newUser('eve@example.org')
  // Roles are of the whole cluster, which other tests share.
  const role = owner(`owner_${newId().replaceAll('-', '')}`)
  await owner`create role ${role} nosuperuser nobypassrls`
  try {
    await owner`alter table users owner to ${role}`
    await owner`alter table memberships owner to ${role}`
    await owner.begin(async (sql) => {
      await sql`set local role ${role}`
      expect(await setOperator(sql, 'eve@example.org', true)).toBe(true)
    })
    expect(await isOperator(id)).toBe(true)
  } finally {
    await owner`reassign owned by ${role} to current_user`
    await owner`drop owned by ${role}`
    await owner`drop role ${role}`
  }
})

test('the application itself can make nobody an operator, not even in the scope of the runtime', async () => {
  const id = await newUser('mallory@example.org')
  const database = clone.open()
  for (const scope of [system, { ...nobody, userId: id }]) {
    await expect(
      database.transaction(scope, (sql) => sql`update users set operator_since = now() where id = ${id}`),
    ).rejects.toMatchObject({ code: '42501' })
  }
  await database.close()
})
