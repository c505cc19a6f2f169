import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { createWorld, type World } from '../../tests/contract/world.ts'

const program = fileURLToPath(new URL('../adapt.ts', import.meta.url))
const removal = 'objects-remove-late'
const notifier = 'notifications-document-finished'

let world: World
let owner: postgres.Sql

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  owner = postgres(world.product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
beforeEach(async () => {
  await owner`delete from dead_letters`
  await owner`delete from outbox`
})
afterAll(async () => {
  await owner.end()
  await world.stop()
})

interface Run {
  code: number
  output: string
  errors: string
}

/** Runs `npm run adapt -- redrive …` as its own process. */
function redrive(args: string[], token = world.tokens.owner): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, 'redrive', '--url', world.product.url, '--token', token, ...args],
      { env: { PATH: process.env.PATH }, cwd: tmpdir() },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    )
  })
}

const outcomes = ({ output }: Run) =>
  output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

const statusOf = async (id: string) => (await owner`select status from dead_letters where id = ${id}`)[0]?.status
const sentTo = async () =>
  (await owner`select target from outbox where kind = 'task' order by created_at, id`).map((row) => row.target)

describe('adapt redrive', { timeout: 120_000 }, () => {
  test('sends those that are named, once each, and says of the others why not', async () => {
    const [first, second, discarded, absent] = [
      await world.newDeadLetter(),
      await world.newDeadLetter(removal),
      await world.newDeadLetter(),
      newId(),
    ]
    await owner`update dead_letters set status = 'discarded' where id = ${discarded!}`
    const run = await redrive([first!, second!, first!.toUpperCase(), discarded!, absent!, '--json'])
    expect(run.errors).toBe('')
    expect(run.code).toBe(1)
    expect(outcomes(run)).toEqual([
      { id: first, consumer: notifier, status: 'redriven', reason: null },
      { id: second, consumer: removal, status: 'redriven', reason: null },
      { id: discarded, consumer: notifier, status: 'refused', reason: 'The dead letter has been discarded' },
      { id: absent, consumer: null, status: 'refused', reason: expect.stringContaining('no such dead letter') },
    ])
    expect(await sentTo()).toEqual([notifier, removal])
    const again = await redrive([first!])
    expect(again.code).toBe(1)
    expect(again.output).toContain('has been sent again already')
    expect(again.output).toContain('0 sent again, 1 could not be.')
  })

  test('sends all open ones that the filters leave, the oldest first, and tells before what it would do', async () => {
    const ids = [
      await world.newDeadLetter(removal),
      await world.newDeadLetter(removal),
      await world.newDeadLetter(removal),
    ]
    const other = await world.newDeadLetter()
    await owner`update dead_letters set created_at = '2026-01-01T12:00:00Z' where id = ${ids[0]!}`
    await owner`update dead_letters set error = '{"code":"INTERNAL","message":"boom"}' where id = ${ids[2]!}`
    const planned = async (...args: string[]) => {
      const run = await redrive(['--all', '--dry-run', '--json', ...args])
      expect(run.code).toBe(0)
      return outcomes(run).map(({ id }) => id)
    }
    expect(await planned()).toEqual([...ids, other])
    expect(await planned('--consumer', removal, '--since', '2026-01-02')).toEqual(ids.slice(1))
    expect(await planned('--consumer', removal, '--until', '2026-01-02T00:00:00Z')).toEqual(ids.slice(0, 1))
    expect(await planned('--kind', 'event')).toEqual([other])
    expect(await planned('--error', 'INTERNAL')).toEqual([ids[2]])
    expect(await sentTo()).toEqual([])

    const run = await redrive(['--all', '--consumer', removal])
    expect(run.code).toBe(0)
    expect(run.output).toContain('3 sent again. They leave within two minutes.')
    expect(await sentTo()).toEqual([removal, removal, removal])
    expect(await statusOf(other)).toBe('open')
    expect((await redrive(['--all', '--consumer', removal])).output).toContain('There is nothing to send again.')
  })

  test('goes through the API: who may not there may not here, and a stranger’s letters are not there', async () => {
    const id = await world.newDeadLetter()
    const viewer = await redrive([id], world.tokens.viewer)
    expect(viewer.code).toBe(1)
    expect(viewer.errors).not.toBe('')
    expect(viewer.errors).not.toContain('    at ')
    const stranger = await redrive([id], world.tokens.stranger)
    expect(stranger.code).toBe(1)
    expect(stranger.output).toContain('no such dead letter')
    expect(await statusOf(id)).toBe('open')
  })

  test.each([
    [[], 'Name dead letters by their ids, or say --all.'],
    [['--all', newId()], 'Name dead letters by their ids, or say --all.'],
    [['everything'], '"everything" is not the id of a dead letter.'],
    [[newId(), '--consumer', 'documents-scan'], '--consumer goes with --all.'],
    [['--all', '--kind', 'letter'], '--kind is event or task, not "letter".'],
    [['--all', '--consumer', 'No Function'], '"No Function" is no name of a function.'],
    [['--all', '--since', 'yesterday'], '"yesterday" is not a date or an ISO time.'],
    [['--all', '--until', '2026-13-01'], '"2026-13-01" is not a date or an ISO time.'],
    [['--evrything'], "Unknown option '--evrything'"],
  ])('refuses %j in words, and asks nobody', async (args, message) => {
    const { code, errors } = await redrive(args as string[])
    expect(code).toBe(2)
    expect(errors).toContain(message)
    expect(errors).toContain('Usage: npm run adapt -- redrive')
  })
})
