import { afterAll, beforeAll, expect, test } from 'vitest'
import { findEmulator } from '../emulators/find.ts'
import { startPubSubCloud } from '../emulators/pubsub-cloud.ts'
import { type Emulator, startEmulator } from '../emulators/start.ts'
import { signTestToken } from '../push/embedded-test-cloud.ts'
import { describeBus, orderedTarget } from './contract.ts'

const found = await findEmulator('pubsub')

if (found) {
  let emulator: Emulator
  let projects = 0
  beforeAll(async () => {
    emulator = await startEmulator(found)
  })
  afterAll(() => emulator.stop())

  describeBus(
    'Pub/Sub emulator',
    (options) =>
      startPubSubCloud({
        ...options,
        emulatorHost: emulator.host,
        projectId: `contract-${projects++}`,
        topics: ['unheard'],
        orderedTargets: [orderedTarget],
        signToken: signTestToken,
      }),
    { pushesOrderingKey: false },
  )
} else {
  test('Pub/Sub emulator not found: suite not run', async () => {
    expect(await findEmulator('pubsub')).toBeUndefined()
  })
}
