import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import type { ObjectStore } from '#shared/platform/objects/index.ts'
import type { StateStore } from '#shared/platform/state/index.ts'
import type { Services } from '#shared/runtime/services.ts'
import type { Random } from './random.ts'

/**
 * What becomes of a call: it fails before anything is done; it is done, and its caller hears of a timeout; it hangs until
 * its driver's deadline, done or not.
 */
export const fates = ['before', 'after', 'hang', 'hang after'] as const
export type Fate = (typeof fates)[number]

export interface LyingServices extends Services {
  /** How often each fate was met, by call and fate: `bus.publish after`. */
  readonly met: Map<string, number>
}

const isRare = (call: string) => call.startsWith('state.') || call.startsWith('objects.remove')

/**
 * Services of which every call to the outside may lie: of so many calls to the same, each fate befalls one. What is asked
 * seldom lies always, and the database, which is asked most, half as much.
 * @param calls at least as many as there are fates
 */
export function lyingServices(services: Services, random: Random, calls: number): LyingServices {
  const met = new Map<string, number>()
  const decks = new Map<string, (Fate | null)[]>()

  function draw(call: string): Fate | null {
    const deck = decks.get(call) ?? []
    decks.set(call, deck)
    const length = isRare(call) ? fates.length : call.startsWith('database.') ? 2 * calls : calls
    if (deck.length === 0) deck.push(...random.shuffle(Array.from({ length }, (_, at) => fates[at] ?? null)))
    return deck.pop() ?? null
  }

  /** @param drop lets go of a result that nobody hears of */
  async function lie<Result>(
    call: string,
    work: () => Promise<Result>,
    drop: (unheard: Result) => void = () => {},
  ): Promise<Result> {
    const fate = draw(call)
    if (fate === null) return work()
    met.set(`${call} ${fate}`, (met.get(`${call} ${fate}`) ?? 0) + 1)
    if (fate.startsWith('hang')) await sleep(random.integer(10, 80))
    if (fate.endsWith('after')) drop(await work())
    const code = call === 'database.transaction' ? 'CONNECTION_LOST' : 'UNAVAILABLE'
    throw new PlatformError(code, `the test: ${call} ${fate}`)
  }

  const { database, bus, queue, objects, state } = services
  const lyingDatabase: Database = {
    ...database,
    transaction: (...parameters) => lie('database.transaction', () => database.transaction(...parameters)),
  }
  const lyingObjects: ObjectStore = {
    ...objects,
    write: (...parameters) => lie('objects.write', () => objects.write(...parameters)),
    read: (...parameters) =>
      lie(
        'objects.read',
        () => objects.read(...parameters),
        (found) => found?.body.destroy(),
      ),
    sign: (...parameters) => lie('objects.sign', () => objects.sign(...parameters)),
    remove: (...parameters) => lie('objects.remove', () => objects.remove(...parameters)),
    removeSome: (...parameters) => lie('objects.removeSome', () => objects.removeSome(...parameters)),
  }
  const lyingState: StateStore | null = state && {
    ...state,
    read: (...parameters) => lie('state.read', () => state.read(...parameters)),
    write: (...parameters) => lie('state.write', () => state.write(...parameters)),
    add: (...parameters) => lie('state.add', () => state.add(...parameters)),
    remove: (...parameters) => lie('state.remove', () => state.remove(...parameters)),
  }
  return {
    ...services,
    met,
    database: lyingDatabase,
    objects: lyingObjects,
    state: lyingState,
    bus: bus && { ...bus, publish: (messages) => lie('bus.publish', () => bus.publish(messages)) },
    queue: queue && { ...queue, enqueue: (tasks) => lie('queue.enqueue', () => queue.enqueue(tasks)) },
  }
}
