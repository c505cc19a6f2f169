import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Route } from '#shared/runtime/declarations.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import type { RouteExample } from '#shared/runtime/examples.ts'
import { buildOpenApi } from '#shared/runtime/openapi.ts'
import { sendExample } from '../contract/send.ts'
import { createWorld, type World } from '../contract/world.ts'
import { testPassword } from '../setup/product.ts'
import { inspect, isDeclaredSecret, looksSecret } from './inspect.ts'
import { routes, type SweptRoute } from './routes.ts'

let world: World
let owner: postgres.Sql

beforeAll(async () => {
  world = await createWorld(inject('clusterUrl'))
  owner = postgres(world.product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await world.stop()
})

/** Every secret of the installation and of the people in it, as far as the database and the configuration know it. */
async function knownSecrets(): Promise<string[]> {
  const { config } = world.product.services
  const settings = Object.entries(config).flatMap(([name, value]) =>
    /SECRET|_KEY$|DATABASE_URL/.test(name) && typeof value === 'string' && value.length > 8 ? [value] : [],
  )
  const digests = await owner<{ digest: Buffer }[]>`
    select key_sha256 as digest from api_keys union all select token_sha256 from invitations
    union all select token_sha256 from blocklists`
  const subjects = await owner<{ auth_sub: string }[]>`select auth_sub from users`
  return [
    ...settings,
    testPassword,
    world.blocklistToken,
    ...digests.flatMap(({ digest }) => [
      digest.toString('hex'),
      digest.toString('base64'),
      digest.toString('base64url'),
    ]),
    ...subjects.map(({ auth_sub }) => auth_sub),
    ...Object.values(world.tokens),
  ]
}

test('no answer holds a secret that was there before it, in its body or its headers', async () => {
  const answers = []
  // One after the other: examples of billing end each other's subscription.
  for (const { name, route, example } of routes) {
    const request = await example(world)
    answers.push({ name, request, answer: await sendExample(world, route, request) })
  }
  const secrets = await knownSecrets()
  for (const { name, request, answer } of answers) {
    expect(answer.status, `${name}: ${JSON.stringify(answer.body)}`).toBe(request.status)
    inspect(name, answer)
    const text = `${JSON.stringify(answer.body)}\n${[...answer.headers].join('\n')}`
    for (const secret of secrets) expect(text.includes(secret), `${name} shows ${secret}`).toBe(false)
  }
})

describe('what an answer is declared to hold', () => {
  interface JsonSchema {
    properties?: Record<string, JsonSchema>
    items?: JsonSchema
    anyOf?: JsonSchema[]
    additionalProperties?: JsonSchema | boolean
    type?: string
  }
  function* fieldsOf(schema: JsonSchema): Generator<[string, JsonSchema]> {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      yield [name, property]
      yield* fieldsOf(property)
    }
    const { additionalProperties: rest } = schema
    for (const inner of [schema.items, ...(schema.anyOf ?? []), typeof rest === 'object' ? rest : undefined]) {
      if (inner) yield* fieldsOf(inner)
    }
  }

  test('is no secret, but for the few that are handed out once to whom they are made for', async () => {
    const { paths } = buildOpenApi(await discoverFunctions(), {})
    for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      const { operationId, responses } = operation as {
        operationId: string
        responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>
      }
      for (const response of Object.values(responses)) {
        const schema = response.content?.['application/json']?.schema
        for (const [field, property] of fieldsOf(schema ?? {})) {
          if (!looksSecret(field) || property.properties) continue
          expect(isDeclaredSecret(operationId, field), `${operationId} declares "${field}"`).toBe(true)
        }
      }
    }
  })
})

/** What may be in an error of ours, of the database or of a service behind us, and mustn't come out. */
const inside =
  'select * from users where token = postgres://adapt:hunter2@10.0.0.3/adapt at run (/srv/app/handler.ts:12:3) gotrue'

/** Sends a valid request while something behind the product fails. */
async function sendWhile(swept: SweptRoute, request: RouteExample, broken: Partial<World['product']['services']>) {
  const { services } = world.product
  const kept = Object.fromEntries(Object.keys(broken).map((name) => [name, services[name as keyof typeof services]]))
  Object.assign(services, broken)
  try {
    return await sendExample(world, swept.route, request)
  } finally {
    Object.assign(services, kept)
  }
}

const isStream = ({ responses }: Route) => (responses[200] as { kind?: string } | undefined)?.kind === 'text'

test('whatever fails inside, an error says nothing of it', async () => {
  const { services } = world.product
  const failing = async () => {
    throw Object.assign(new Error(inside), { code: '23505', detail: inside, constraint_name: 'users_pkey' })
  }
  const database = { ...services.database, transaction: failing }
  const identity = new Proxy(services.identity, { get: () => failing })
  const objects = new Proxy(services.objects, { get: () => failing })
  const failed = new Set<string>()
  for (const swept of routes) {
    const request = await swept.example(world)
    for (const broken of [{ objects }, { identity }, { database }]) {
      const answer = await sendWhile(swept, request, broken).catch(() => null)
      if (answer === null) {
        // A stream that had begun is cut off.
        expect(isStream(swept.route), swept.name).toBe(true)
        failed.add(swept.name)
        continue
      }
      const { status, body, headers } = answer
      const text = `${JSON.stringify(body)}\n${[...headers].join('\n')}`
      expect(text, swept.name).not.toMatch(/hunter2|10\.0\.0\.3|23505|users_pkey/)
      if (status < 500) continue
      failed.add(swept.name)
      // It says itself which of its parts is down.
      if (swept.name === 'operations-health') continue
      expect(body.error, swept.name).toEqual({
        code: status === 500 ? 'INTERNAL' : 'UNAVAILABLE',
        message: expect.any(String),
        details: [],
        trace_id: headers.get('x-request-id'),
      })
    }
  }
  const silent = routes.map(({ name }) => name).filter((name) => !failed.has(name))
  // Two know from a moment ago how all is; tests/flows/observability.test.ts lets them find out.
  expect(silent, 'the failure was felt wherever something is asked').toEqual([
    'docs-read-asset',
    'docs-read-openapi',
    'docs-read-page',
    'operations-health',
    'operations-ready',
    // They are part of the program.
    'playbooks-list',
    'playbooks-read',
  ])
})
