import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findEmulator } from '../emulators/find.ts'
import { startPubSubCloud } from '../emulators/pubsub-cloud.ts'
import { type Emulator, startEmulator } from '../emulators/start.ts'
import { signTestToken } from '../push/embedded-test-cloud.ts'
import { createServiceTokenIssuer, createServiceTokenVerifier } from '../push/service-tokens.ts'
import { Receiver } from '../push/test-receiver.ts'
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

  test('what the emulator pushes comes with a token that the function accepts, for its own address only', async () => {
    const keyFolder = await mkdtemp(join(tmpdir(), 'tokens-'))
    const account = { issuer: 'https://accounts.google.com', email: 'pusher@acme.iam.gserviceaccount.com' }
    const tokens = await createServiceTokenIssuer({ keyFolder, ...account })
    const receiver = await Receiver.start()
    const subscription = { topic: 'documents', eventTypes: [], target: 'consumer', ackDeadlineSeconds: 10 }
    const retry = { attempts: 5, minimumBackoffSeconds: 10, maximumBackoffSeconds: 600 }
    const cloud = await startPubSubCloud({
      emulatorHost: emulator.host,
      projectId: 'tokens',
      plan: { subscriptions: [{ ...subscription, ...retry }], queues: [], schedules: [], deadLetterTarget: 'keep' },
      urlOf: receiver.urlOf,
      signToken: tokens.sign,
    })
    await cloud.bus.publish([{ id: '1', topic: 'documents', body: '{}', attributes: { event_type: 'x' } }])
    const [request] = await receiver.until('consumer', 1)
    const token = String(request?.headers.authorization).replace('Bearer ', '')
    const { verify } = createServiceTokenVerifier({ ...account, emails: [account.email], jwks: tokens.jwks })
    expect(await verify(token, receiver.urlOf('consumer'))).toMatchObject({
      email: account.email,
      email_verified: true,
    })
    await expect(verify(token, receiver.urlOf('keep'))).rejects.toMatchObject({ code: 'WRONG_AUDIENCE' })
    await cloud.stop()
    await receiver.stop()
    await rm(keyFolder, { recursive: true })
  })
} else {
  test('Pub/Sub emulator not found: suite not run', async () => {
    expect(await findEmulator('pubsub')).toBeUndefined()
  })
}
