import { readdir } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as v from 'valibot'
import { beforeAll, describe, expect, test } from 'vitest'
import { areas } from '#functions/areas.ts'
import { errorStatus } from '#shared/domain/errors.ts'
import { defineRoute, type Route, text } from './declarations.ts'
import { discoverFunctions } from './discover.ts'
import { buildOpenApi } from './openapi.ts'

type Any = any

const methods = ['get', 'post', 'put', 'patch', 'delete']
let document: Any
let routes: Route[]

beforeAll(async () => {
  const functions = await discoverFunctions()
  routes = functions.flatMap(({ declaration }) => (declaration.kind === 'route' ? [declaration as Route] : []))
  document = JSON.parse(JSON.stringify(buildOpenApi(functions, areas)))
})

/** Every object in a document, with the path to it. */
function* objectsIn(value: unknown, path = '#'): Generator<[string, Any]> {
  if (typeof value !== 'object' || value === null) return
  yield [path, value]
  for (const [name, part] of Object.entries(value)) yield* objectsIn(part, `${path}/${name}`)
}

function operationsOf(of: Any): [string, Any][] {
  return Object.entries<Any>(of.paths).flatMap(([path, item]) =>
    methods.filter((method) => item[method]).map((method): [string, Any] => [`${method} ${path}`, item[method]]),
  )
}

describe('the document', () => {
  test('has an operation for each route, with a name of its own and a tag that is described', () => {
    const operations = operationsOf(document)
    expect(operations).toHaveLength(routes.length)
    expect(new Set(operations.map(([, one]) => one.operationId)).size).toBe(routes.length)
    const described = document.tags.filter((tag: Any) => tag.description).map((tag: Any) => tag.name)
    for (const [name, { tags }] of operations) expect([name, described]).toEqual([name, expect.arrayContaining(tags)])
  })

  test('describes no area that is not there', async () => {
    const folders = await readdir(new URL('../../functions/', import.meta.url))
    expect(Object.keys(areas).filter((area) => !folders.includes(area))).toEqual([])
  })

  test('refers only to what is in it', () => {
    for (const [path, { $ref }] of objectsIn(document)) {
      if (typeof $ref !== 'string') continue
      const found = $ref
        .replace('#/', '')
        .split('/')
        .reduce<Any>((value, name) => value?.[name], document)
      expect(found, `${path}: ${$ref}`).toBeDefined()
    }
  })

  test('holds only schemas that JSON Schema 2020-12 understands', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    for (const [path, object] of objectsIn(document)) {
      if (typeof object.schema !== 'object' || object.schema.$ref) continue
      expect(() => ajv.compile(object.schema), path).not.toThrow()
    }
  })

  test('names each parameter once, and those of the path as the path does', () => {
    for (const [name, { parameters }] of operationsOf(document)) {
      const resolved = parameters.map((one: Any) =>
        one.$ref ? document.components.parameters[one.$ref.split('/').at(-1)] : one,
      )
      const keys = resolved.map((one: Any) => `${one.in} ${one.name.toLowerCase()}`)
      expect(new Set(keys).size, name).toBe(keys.length)
      const inPath = resolved.filter((one: Any) => one.in === 'path')
      expect(inPath.every((one: Any) => one.required)).toBe(true)
      const wanted = [...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      expect(inPath.map((one: Any) => one.name).sort(), name).toEqual(wanted.sort())
    }
  })

  test('says for every operation what it answers, each with a description and its request id', () => {
    for (const [name, { responses }] of operationsOf(document)) {
      expect(Object.keys(responses), name).toEqual(expect.arrayContaining(['422', '429', 'default']))
      expect(
        Object.keys(responses).some((status) => /^[23]/.test(status)),
        name,
      ).toBe(true)
      for (const response of Object.values<Any>(responses)) {
        if (!response.$ref) expect(response).toMatchObject({ description: expect.stringMatching(/./) })
        if (!response.$ref) expect(Object.keys(response.headers)).toContain('X-Request-ID')
      }
    }
  })

  test('has an answer for each code of the closed list', () => {
    const shown = Object.values<Any>(document.components.responses).flatMap(
      (one) => one.content['application/json'].example?.error.code ?? [],
    )
    expect(shown.sort()).toEqual(Object.keys(errorStatus).sort())
  })
})

describe('an operation', () => {
  const route = defineRoute({
    method: 'POST',
    path: '/v1/things/{thing_id}',
    access: 'intelligence:write',
    basic: true,
    summary: 'Change a thing',
    params: v.strictObject({ thing_id: v.string() }),
    headers: v.object({ 'x-colour': v.optional(v.pipe(v.string(), v.description('Its colour'))), accept: v.string() }),
    body: v.strictObject({ name: v.string() }),
    responses: { 202: v.strictObject({ id: v.string() }) },
    cost: 5,
    idempotent: true,
    ifMatch: true,
    deprecated: { since: '2026-01-01', sunset: '2027-01-01', successor: '/v2/things' },
    handler: async () => ({}),
  })
  const operationOf = (declaration: Route): Any => {
    const built: Any = buildOpenApi([{ name: 'things-change', folder: 'things/change', declaration }], {})
    return Object.values<Any>(built.paths[declaration.path])[0]
  }

  test('shows what its declaration says', () => {
    const shown = operationOf(route as Route)
    expect(shown.deprecated).toBe(true)
    for (const words of ['intelligence:write', 'Counts as 5', '2027-01-01', '/v2/things', 'HTTP Basic']) {
      expect(shown.description).toContain(words)
    }
    expect(shown.security).toEqual([{ accessToken: [] }, { apiKey: [] }, { basic: [] }])
    expect(shown.parameters).toEqual(
      expect.arrayContaining([
        { name: 'x-colour', in: 'header', required: false, description: 'Its colour', schema: { type: 'string' } },
        { $ref: '#/components/parameters/IdempotencyKey' },
        { $ref: '#/components/parameters/IfMatch' },
      ]),
    )
    expect(shown.parameters.map((one: Any) => one.name)).not.toContain('accept')
    expect(Object.keys(shown.responses)).toEqual('202 401 403 404 409 412 413 415 422 429 default'.split(' '))
    expect(Object.keys(shown.responses[202].headers)).toEqual(
      expect.arrayContaining(['Location', 'Deprecation', 'Sunset', 'Link']),
    )
  })

  test('of a person shows no API key, a public one no credentials', () => {
    expect(operationOf({ ...route, caller: 'person' } as Route).security).toEqual([{ accessToken: [] }])
    expect(operationOf({ ...route, access: 'signed-in' } as Route).security).toEqual([{ accessToken: [] }])
    const open = operationOf({ ...route, access: 'public' } as Route)
    expect(open.security).toEqual([])
    expect(Object.keys(open.responses)).not.toContain('401')
  })

  test('that reads JSON has an entity tag and 304; one that reads a stream has not', () => {
    const read = { ...route, method: 'GET', responses: { 200: v.string() } } as unknown as Route
    expect(Object.keys(operationOf(read).responses)).toContain('304')
    expect(operationOf(read).responses[200].headers.ETag).toBeDefined()
    expect(operationOf(read).parameters).toContainEqual({ $ref: '#/components/parameters/IfNoneMatch' })
    const stream = { ...read, responses: { 200: text('Events', 'text/event-stream') } } as unknown as Route
    expect(Object.keys(operationOf(stream).responses)).not.toContain('304')
  })
})
