import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { RouteExample } from '#shared/runtime/examples.ts'
import { sendExample } from '../contract/send.ts'
import { addOrganization, createWorld, type World } from '../contract/world.ts'
import { expectError } from './inspect.ts'
import { routes, type SweptRoute } from './routes.ts'

const lists = routes.filter(({ route }) => 'page[cursor]' in ((route.query as { entries?: object })?.entries ?? {}))

let mine: World
let theirs: World
/** A cursor of each of my lists, good for a next page. */
const own = new Map<string, { example: RouteExample; cursor: string }>()
const foreign = new Map<string, string>()

beforeAll(async () => {
  mine = await createWorld(inject('clusterUrl'))
  theirs = await addOrganization(mine.product)
  for (const world of [mine, theirs]) await addSecondRows(world)
  await mine.product.services.usage.flush()
  await Promise.all(
    lists.map(async (list) => {
      own.set(list.name, await firstPage(mine, list))
      foreign.set(list.name, (await firstPage(theirs, list)).cursor)
    }),
  )
})
afterAll(async () => {
  await theirs.stop()
  await mine.stop()
})

/** So that there is a second page of everything. */
async function addSecondRows(world: World): Promise<void> {
  await world.readyDocument()
  await world.newOrganization()
  for (let at = 0; at < 2; at++) {
    await Promise.all([world.newApiKey(), world.newInvitation(), world.newBlocklist(), world.newProject()])
    await Promise.all([world.newFlag(), world.newWorkspace()])
    await Promise.all([world.newBrief(), world.newDetectionRule(), world.newRelationship()])
    await Promise.all([world.newModelCall(), world.newRun()])
  }
}

async function firstPage(world: World, { name, route, example }: SweptRoute) {
  const request = await example(world)
  const query = { ...request.query, 'page[size]': '1' }
  const answer = await sendExample(world, route, { ...request, query })
  const cursor: string | null = answer.body?.meta?.next_cursor
  if (!cursor) throw new Error(`${name} needs two rows in the world to have a cursor: ${JSON.stringify(answer.body)}`)
  return { example: { ...request, query }, cursor }
}

const page = (list: SweptRoute, cursor: string) => {
  const { example } = own.get(list.name)!
  return sendExample(mine, list.route, { ...example, query: { ...example.query, 'page[cursor]': cursor } })
}

/** Expects a refusal that doesn't say which of the many wrong things it is. */
async function expectRefused(list: SweptRoute, cursors: Record<string, string>): Promise<void> {
  await Promise.all(
    Object.entries(cursors).map(async ([what, cursor]) => {
      const answer = await page(list, cursor)
      expectError(list.name, answer, 'VALIDATION_ERROR', what)
      expect(answer.body.error, what).toMatchObject({
        message: 'The cursor is not valid here',
        details: [{ field: 'query.page[cursor]', message: 'is not a cursor of this list' }],
      })
    }),
  )
}

for (const list of lists) {
  const { name, route } = list

  test(`${name}: a cursor goes on where the page ended, and only there`, async () => {
    const { cursor } = own.get(name)!
    const next = await page(list, cursor)
    expect(next.status, JSON.stringify(next.body)).toBe(200)
    expect(next.body.data).toHaveLength(1)
  })

  test(`${name}: a cursor of another list or organization is 422`, async () => {
    const others = lists.filter((other) => other !== list)
    await expectRefused(list, {
      ...Object.fromEntries(others.map((other) => [other.name, own.get(other.name)!.cursor])),
      // What operators see is the same for all of them, but a cursor is one person's.
      'somebody else': foreign.get(name)!,
    })
  })

  test(`${name}: a cursor that was changed, cut or made up is 422`, async () => {
    const { cursor } = own.get(name)!
    const bytes = Buffer.from(cursor, 'base64url')
    const flipped = [0, 7, 15, 16, bytes.length - 1].map((at): [string, string] => {
      const copy = Buffer.from(bytes)
      copy[at]! ^= 1
      return [`byte ${at} changed`, copy.toString('base64url')]
    })
    await expectRefused(list, {
      ...Object.fromEntries(flipped),
      'its last digit gone': cursor.slice(0, -1),
      'half of it': cursor.slice(0, cursor.length / 2),
      'the signature alone': bytes.subarray(0, 16).toString('base64url'),
      'the position alone': bytes.subarray(16).toString('base64url'),
      'the position as it is': bytes.subarray(16).toString(),
      'no signature': Buffer.concat([Buffer.alloc(16), bytes.subarray(16)]).toString('base64url'),
      'another spelling: a digit more': `${cursor}A`,
      'another spelling: padding': `${cursor}=`,
      'another spelling: a space': ` ${cursor}`,
      'another spelling: a sign in it': `${cursor.slice(0, 4)}!${cursor.slice(4)}`,
      'twice the same': cursor + cursor,
      nothing: '',
      'a zero byte': `${cursor}\0`,
      SQL: "' or true --",
    })
  })

  if (route.access !== 'operator') {
    test(`${name}: somebody else's cursor is refused also to those it was made for elsewhere`, async () => {
      const { example, cursor } = own.get(name)!
      const query = { ...example.query, 'page[cursor]': cursor }
      // A stranger to both organizations, with one of their own.
      const answer = await sendExample(mine, route, { ...example, query }, { token: mine.tokens.stranger })
      expect([404, 422]).toContain(answer.status)
      expectError(name, answer, answer.status === 404 ? 'NOT_FOUND' : 'VALIDATION_ERROR')
    })
  }
}
