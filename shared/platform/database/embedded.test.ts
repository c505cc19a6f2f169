import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabaseIfMissing, type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts'
import { unprivilegedId } from './embedded-binaries.ts'
import { isPostmasterOf, readPostmaster } from './embedded-orphan.ts'

const isRoot = process.getuid?.() === 0
/** `daemon` on Linux and macOS: initdb insists that its user has a name. */
const ordinaryUser = 1

let dataFolder: string
let cleanUps: (() => Promise<unknown> | unknown)[]

/** A stopped cluster, made once: most tests begin with a copy of it, since initdb takes a second. */
let preparedFolder: string

beforeAll(async () => {
  preparedFolder = mkdtempSync(join(tmpdir(), 'raptorflow-embedded-'))
  const server = await startEmbeddedPostgres({ dataFolder: preparedFolder })
  await server.stop()
})

afterAll(() => rmSync(preparedFolder, { recursive: true, force: true }))

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'raptorflow-embedded-'))
  cleanUps = []
})

afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
  const orphan = readPostmaster(join(dataFolder, 'postgres'))?.pid
  if (orphan && isPostmasterOf(orphan, join(dataFolder, 'postgres'))) process.kill(orphan, 'SIGKILL')
  rmSync(dataFolder, { recursive: true, force: true, maxRetries: 10 })
})

function copyPrepared(): void {
  cpSync(preparedFolder, dataFolder, { recursive: true })
}

async function start(port?: number): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataFolder, ...(port === undefined ? {} : { port }) })
  cleanUps.push(() => server.stop())
  return server
}

interface Owner {
  process: ChildProcess
  /** First line it prints: `{pid, url}` once started, or `{code, message}`. */
  answer: Promise<{ pid?: number; url?: string; code?: string; message?: string }>
}

/** A process of its own that starts the database, says so, and holds it. */
function startOwner(options: { uid?: number; afterwards?: string } = {}): Owner {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)})
    try {
      const server = await startEmbeddedPostgres({ dataFolder: ${JSON.stringify(dataFolder)} })
      console.log(JSON.stringify({ pid: server.pid, url: server.ownerUrl('postgres') }))
      setInterval(() => {}, 1000)
      ${options.afterwards ?? ''}
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message }))
    }`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  cleanUps.push(() => owner.kill('SIGKILL'))
  const answer = new Promise<string>((done) => {
    createInterface(owner.stdout).once('line', done)
    owner.once('exit', () => done('{"code":"ENDED","message":"ended without an answer"}'))
  })
  return { process: owner, answer: answer.then((line) => JSON.parse(line)) }
}

async function kill9(owner: Owner): Promise<void> {
  const exited = once(owner.process, 'exit')
  owner.process.kill('SIGKILL')
  await exited
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await sql.unsafe(text)
  } finally {
    await sql.end()
  }
}

describe('first start', () => {
  test('makes a UTF-8 cluster whose data survive a stop, on a remembered port, with a password only its owner reads', async () => {
    const first = await start()
    expect(await createDatabaseIfMissing(first.ownerUrl('postgres'), 'product')).toBe(true)
    expect(await createDatabaseIfMissing(first.ownerUrl('postgres'), 'product')).toBe(false)
    await query(first.ownerUrl('product'), `create table note as select 'Straße' as body`)
    await first.stop()
    expect(isPostmasterOf(first.pid, join(dataFolder, 'postgres'))).toBe(false)
    await first.exited

    const second = await start()
    expect(second.port).toBe(first.port)
    const [row] = await query(
      second.ownerUrl('product'),
      `select upper(body) as body, to_tsvector('simple', '“naïve”—x')::text as words,
         current_setting('server_encoding') as encoding, current_setting('fsync') as fsync from note`,
    )
    expect(row).toEqual({ body: 'STRASSE'.replace('SS', 'ß'), words: "'naïve':1 'x':2", encoding: 'UTF8', fsync: 'on' })
    expect(statSync(join(dataFolder, 'postgres-access.json')).mode & 0o777).toBe(0o600)
    expect(statSync(join(dataFolder, 'postgres')).mode & 0o777).toBe(0o700)
    if (isRoot) expect(statSync(join(dataFolder, 'postgres')).uid).not.toBe(0)
  })

  test('a wrong password is refused', async () => {
    copyPrepared()
    const url = new URL((await start()).ownerUrl('postgres'))
    url.password = 'guess'
    await expect(query(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  test('initdb interrupted by kill -9 leaves nothing that the next start stumbles over', async () => {
    for (const milliseconds of [250, 450]) {
      const owner = startOwner()
      await sleep(milliseconds)
      await kill9(owner)
    }
    await start()
    expect(readdirSync(dataFolder).filter((name) => name.includes('unfinished'))).toEqual([])
  })

  test.runIf(isRoot)('an ordinary user starts it, and root afterwards goes on with the same data', async () => {
    chownSync(dataFolder, ordinaryUser, ordinaryUser)
    const owner = startOwner({ uid: ordinaryUser, afterwards: 'await server.stop(); process.exit()' })
    const exited = once(owner.process, 'exit')
    expect(await owner.answer).toMatchObject({ url: expect.stringContaining('127.0.0.1') })
    await exited
    const server = await start()
    expect(await query(server.ownerUrl('postgres'), 'select 1 as one')).toEqual([{ one: 1 }])
    expect(statSync(join(dataFolder, 'postgres')).uid).toBe(ordinaryUser)
  })
})

describe('a second start on the same data', () => {
  beforeEach(copyPrepared)

  test('is told ALREADY_RUNNING and by whom, in another process and in the same one', async () => {
    const owner = startOwner()
    await owner.answer
    await expect(start()).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      message: expect.stringContaining(`process ${owner.process.pid}`),
    })
    await kill9(owner)
    await start()
    await expect(start()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' })
  })

  test('of five at the same moment exactly one wins', async () => {
    const owners = Array.from({ length: 5 }, () => startOwner())
    const answers = await Promise.all(owners.map((owner) => owner.answer))
    expect(answers.filter((answer) => answer.pid !== undefined)).toHaveLength(1)
    expect(answers.filter((answer) => answer.code === 'ALREADY_RUNNING')).toHaveLength(4)
  })
})

describe('after kill -9', () => {
  beforeEach(copyPrepared)

  test('of the owner the server left behind is replaced and committed data are there', async () => {
    const owner = startOwner()
    const { pid, url } = await owner.answer
    await query(url!, 'create table kept as select 7 as seven')
    await kill9(owner)
    expect(isPostmasterOf(pid!, join(dataFolder, 'postgres'))).toBe(true)
    const server = await start()
    expect(isPostmasterOf(pid!, join(dataFolder, 'postgres'))).toBe(false)
    expect(await query(server.ownerUrl('postgres'), 'select seven from kept')).toEqual([{ seven: 7 }])
  })

  test('of owner and server at once committed data are there', async () => {
    const owner = startOwner()
    const { pid, url } = await owner.answer
    await query(url!, 'create table kept as select generate_series(1, 100000) as n')
    process.kill(pid!, 'SIGKILL')
    await kill9(owner)
    const server = await start()
    expect(await query(server.ownerUrl('postgres'), 'select count(*)::int as n from kept')).toEqual([{ n: 100_000 }])
  })

  test('again and again during recovery the next start succeeds', async () => {
    const owner = startOwner()
    const { pid, url } = await owner.answer
    await query(url!, 'create table kept as select generate_series(1, 300000) as n')
    process.kill(pid!, 'SIGKILL')
    await kill9(owner)
    for (const milliseconds of [60, 110, 140, 180]) {
      const next = startOwner()
      await sleep(milliseconds)
      await kill9(next)
    }
    const server = await start()
    expect(await query(server.ownerUrl('postgres'), 'select count(*)::int as n from kept')).toEqual([{ n: 300_000 }])
  })

  test('a process id given to a stranger meanwhile harms neither the start nor the stranger', async () => {
    // Of the same user: another user's process PostgreSQL itself knows to be none of its own.
    const user = isRoot ? { uid: unprivilegedId, gid: unprivilegedId } : {}
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', ...user })
    cleanUps.push(() => stranger.kill('SIGKILL'))
    const fields = [
      stranger.pid,
      join(dataFolder, 'postgres'),
      1_700_000_000,
      5432,
      '',
      '127.0.0.1',
      '',
      'ready   ',
      '',
    ]
    writeFileSync(join(dataFolder, 'postgres', 'postmaster.pid'), fields.join('\n'))
    const server = await start()
    expect(await query(server.ownerUrl('postgres'), 'select 1 as one')).toEqual([{ one: 1 }])
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
  })
})

describe('the end', () => {
  beforeEach(copyPrepared)

  test('an open transaction does not delay a stop', async () => {
    const server = await start()
    const sql = postgres(server.ownerUrl('postgres'), { max: 1, onclose: () => {} })
    const reserved = await sql.reserve()
    await reserved`begin`
    const begin = Date.now()
    await server.stop()
    expect(Date.now() - begin).toBeLessThan(2000)
    await sql.end({ timeout: 0 })
  })

  test('a frozen server is ended by force, and the next start works', async () => {
    const server = await start()
    process.kill(server.pid, 'SIGSTOP')
    await server.stop()
    expect(isPostmasterOf(server.pid, join(dataFolder, 'postgres'))).toBe(false)
    await start()
  })

  test('a process that exits without stopping takes the server with it', async () => {
    const owner = startOwner({ afterwards: 'process.exit(3)' })
    const { pid } = await owner.answer
    for (let wait = 0; wait < 300 && isPostmasterOf(pid!, join(dataFolder, 'postgres')); wait++) await sleep(10)
    expect(isPostmasterOf(pid!, join(dataFolder, 'postgres'))).toBe(false)
  })

  test('the death of the server is told', async () => {
    const server = await start()
    process.kill(server.pid, 'SIGKILL')
    await server.exited
    await server.stop()
  })
})

describe('what is in the way gets a clear answer and is left as it is', () => {
  test('a folder that is no cluster', async () => {
    mkdirSync(join(dataFolder, 'postgres'))
    writeFileSync(join(dataFolder, 'postgres', 'thesis.txt'), 'years of work')
    writeFileSync(join(dataFolder, 'postgres-access.json'), '{"password":"x","port":0}')
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DAMAGED', message: /not a whole PostgreSQL cluster/ })
    expect(readFileSync(join(dataFolder, 'postgres', 'thesis.txt'), 'utf8')).toBe('years of work')
  })

  test('a cluster of another major version', async () => {
    copyPrepared()
    writeFileSync(join(dataFolder, 'postgres', 'PG_VERSION'), '17\n')
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DAMAGED', message: /PostgreSQL 17, and this program/ })
  })

  test('a cluster with a damaged control file, and then a restored one starts', async () => {
    copyPrepared()
    const control = join(dataFolder, 'postgres', 'global', 'pg_control')
    const bytes = readFileSync(control)
    truncateSync(control, 100)
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    expect(existsSync(join(dataFolder, 'postgres', 'base'))).toBe(true)
    writeFileSync(control, bytes)
    await start()
  })

  test('a cluster whose password file is lost, empty or another', async () => {
    copyPrepared()
    const path = join(dataFolder, 'postgres-access.json')
    const right = readFileSync(path, 'utf8')
    rmSync(path)
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DAMAGED', message: /is missing/ })
    writeFileSync(path, '')
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DAMAGED', message: /not JSON/ })
    writeFileSync(path, JSON.stringify({ ...JSON.parse(right), password: 'other' }))
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DAMAGED', message: /password/ })
    writeFileSync(path, right)
    await start()
  })

  test('a file where the data folder should be', async () => {
    writeFileSync(join(dataFolder, 'file'), '')
    const inFile = startEmbeddedPostgres({ dataFolder: join(dataFolder, 'file', 'data') })
    await expect(inFile).rejects.toMatchObject({ code: 'DATA_DAMAGED', message: /is a file/ })
  })

  test('a lock file of another program', async () => {
    writeFileSync(join(dataFolder, 'lock'), 'x'.repeat(4096))
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DAMAGED', message: /not made by this program/ })
  })

  test('a port insisted on and taken is PORT_TAKEN; a remembered one gives way', async () => {
    copyPrepared()
    const first = await start()
    await first.stop()
    const other: Server = createServer()
    await new Promise<void>((done) => other.listen(first.port, '127.0.0.1', done))
    cleanUps.push(() => other.close())
    await expect(start(first.port)).rejects.toMatchObject({ code: 'PORT_TAKEN' })
    expect((await start()).port).not.toBe(first.port)
  })

  test.runIf(isRoot)('a folder that the ordinary user may not write', async () => {
    chmodSync(dataFolder, 0o755)
    const { code, message } = await startOwner({ uid: ordinaryUser }).answer
    expect(code).toBe('PERMISSION')
    expect(message).toContain(dataFolder)
  })

  test.runIf(isRoot)("a way to the data that root's PostgreSQL may not go", async () => {
    const closed = join(dataFolder, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const within = startEmbeddedPostgres({ dataFolder: join(closed, 'data') })
    await expect(within).rejects.toMatchObject({
      code: 'PERMISSION',
      message: expect.stringContaining(`chmod o+x ${closed}`),
    })
  })
})
