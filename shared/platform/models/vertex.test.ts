import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DriverRequest, ModelDriver, ModelError } from '#shared/domain/models/types.ts'
import { startGemini } from '../../../tests/fakes/models-gemini.ts'
import { createClaudeModel } from './claude.ts'
import { createGeminiModel } from './gemini.ts'
import { createGoogleToken } from './google-token.ts'
import { narrowSchema } from './narrow-schema.ts'

const request: DriverRequest = {
  model: 'gemini-2.5-flash',
  task: 'say',
  system: 'Say.',
  material: {},
  turns: [],
  tools: [],
  outputSchema: null,
  maximumOutputTokens: 100,
}
const never = new AbortController().signal
const vertex = { project: 'acme', location: 'europe-west1' }

const failureOf = (driver: ModelDriver, signal = never): Promise<ModelError> =>
  driver.complete(request, signal).then(
    () => expect.unreachable('it answered'),
    (error) => error,
  )

describe('access tokens', () => {
  const gemini = (token: () => Promise<string>) =>
    createGeminiModel({ ...vertex, endpoint: 'http://127.0.0.1:9', token })
  const claude = (token: () => Promise<string>) =>
    createClaudeModel({ ...vertex, endpoint: 'http://127.0.0.1:9', token })

  test.each([
    ['Gemini', gemini],
    ['Claude', claude],
  ])('%s: without credentials it is our mistake; where they can not be had just now, it may pass', async (_, open) => {
    const fail = (error: object) => () => Promise.reject(Object.assign(new Error('no token'), error))
    for (const error of [{}, { status: 400 }, { response: { status: 403 } }, { code: 'ENOENT' }]) {
      expect(await failureOf(open(fail(error)))).toMatchObject({ failure: 'invalid', mayHaveCost: false })
    }
    for (const error of [
      { status: 503 },
      { response: { status: 429 } },
      { code: 'ECONNREFUSED' },
      { code: 'ETIMEDOUT' },
    ]) {
      expect(await failureOf(open(fail(error)))).toMatchObject({ failure: 'unavailable', mayHaveCost: false })
    }
  })

  test.each([
    ['Gemini', gemini],
    ['Claude', claude],
  ])('%s: is not waited for when nobody waits any more', async (_, open) => {
    const stop = new AbortController()
    const failure = failureOf(
      open(() => {
        stop.abort()
        return new Promise(() => {})
      }),
      stop.signal,
    )
    expect(await failure).toMatchObject({ failure: 'unavailable', mayHaveCost: false })
  })

  describe('of this machine', () => {
    const variable = 'GOOGLE_APPLICATION_CREDENTIALS'
    const before = process.env[variable]
    beforeEach(() => {
      process.env[variable] = '/no/such/key.json'
    })
    afterEach(() => {
      if (before === undefined) delete process.env[variable]
      else process.env[variable] = before
    })

    test('are looked for by both, each by its own library', async () => {
      for (const driver of [createGeminiModel(vertex), createClaudeModel({ ...vertex, token: createGoogleToken() })]) {
        const error = await failureOf(driver)
        expect(error).toMatchObject({ failure: 'invalid', mayHaveCost: false })
        expect(String((error.cause as Error).message)).toContain('/no/such/key.json')
      }
    })
  })
})

test('where Gemini is asked, and what it may think of, follows from location, model and limit', async () => {
  const provider = await startGemini()
  const driver = createGeminiModel({
    project: 'acme',
    location: 'global',
    endpoint: provider.url,
    token: async () => 'good-token',
  })
  await driver.complete(request, never)
  expect(provider.seen[0]!.path).toMatch(
    /projects\/acme\/locations\/global\/publishers\/google\/models\/gemini-2\.5-flash:/,
  )
  await provider.stop()
})

test("Google's own word for the pause is understood where there is no header", async () => {
  const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '13.5s' }]
  const server = createServer((_, response) => {
    response.writeHead(429, { 'content-type': 'application/json' })
    response.end(JSON.stringify([{ error: { code: 429, message: 'slow', status: 'RESOURCE_EXHAUSTED', details } }]))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const error = await failureOf(createGeminiModel({ ...vertex, endpoint, token: async () => 'x' }))
  expect(error).toMatchObject({ failure: 'unavailable', retryAfterSeconds: 13 })
  expect(error.message).toContain('RESOURCE_EXHAUSTED')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('a schema is told in the words that Vertex AI knows, and allows no less', () => {
  expect(
    narrowSchema({
      $schema: 'x',
      type: 'object',
      properties: {
        kind: { const: 'a' },
        pattern: { type: 'string', pattern: '^a', minLength: 2, description: 'd' },
        list: { type: 'array', items: { type: 'string', maxLength: 3 }, minItems: 1, uniqueItems: true },
        either: { anyOf: [{ type: 'null' }, { type: 'number', exclusiveMinimum: 0 }] },
      },
      required: ['kind'],
      additionalProperties: false,
    }),
  ).toEqual({
    type: 'object',
    properties: {
      kind: { enum: ['a'] },
      pattern: { type: 'string', description: 'd' },
      list: { type: 'array', items: { type: 'string' }, minItems: 1 },
      either: { anyOf: [{ type: 'null' }, { type: 'number' }] },
    },
    required: ['kind'],
    additionalProperties: false,
  })
})
