import { discoverFunctions } from '#shared/runtime/discover.ts'
import { buildOpenApi } from '#shared/runtime/openapi.ts'

/** Where a request can name something by its id. */
export interface IdPlace {
  in: 'path' | 'query' | 'body'
  /** The way to the field: one name, or more inside a body. */
  path: readonly string[]
  isList: boolean
}

interface JsonSchema {
  type?: string
  format?: string
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  anyOf?: JsonSchema[]
}

interface Operation {
  operationId: string
  parameters: { name?: string; in?: string; schema?: JsonSchema }[]
  requestBody?: { content: { 'application/json': { schema: JsonSchema } } }
}

/** `caller` is `user:` or `key:` and an id; plans are of the installation. */
const idName = /^(?!plan_id$)(.*_)?ids?$|^caller$/

const alternatives = (schema: JsonSchema): JsonSchema[] => [schema, ...(schema.anyOf ?? []).flatMap(alternatives)]

function* placesIn(schema: JsonSchema, path: readonly string[]): Generator<Omit<IdPlace, 'in'>> {
  for (const one of alternatives(schema)) {
    for (const [name, property] of Object.entries(one.properties ?? {})) {
      const inner = alternatives(property)
      const list = inner.find(({ items }) => items)
      const isId = inner.some(({ format }) => format === 'uuid') || list?.items?.format === 'uuid' || idName.test(name)
      if (isId) yield { path: [...path, name], isList: list !== undefined }
      else
        yield* placesIn(list?.items ? { ...property, ...list.items } : property, [
          ...path,
          ...(list ? [name, '0'] : [name]),
        ])
    }
  }
}

/** Where the document can't tell: the id of a JSON-RPC message names nothing, and what its tool is asked is of no schema. */
const toldByHand: Readonly<Record<string, readonly IdPlace[]>> = {
  'mcp-serve': [{ in: 'body', path: ['params', 'arguments', 'indicator_id'], isList: false }],
}

/** Every place of every route, found in what the OpenAPI document says. */
export async function findIdPlaces(): Promise<Map<string, IdPlace[]>> {
  const { paths } = buildOpenApi(await discoverFunctions(), {})
  const found = new Map<string, IdPlace[]>()
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods) as Operation[])) {
    const parameters = operation.parameters.flatMap(({ name, in: place, schema }): IdPlace[] => {
      if (name === undefined || (place !== 'path' && place !== 'query')) return []
      const isId = schema?.format === 'uuid' || idName.test(name)
      return isId ? [{ in: place, path: [name], isList: false }] : []
    })
    const body = operation.requestBody?.content['application/json']?.schema
    const inBody = toldByHand[operation.operationId] ?? [
      ...[...placesIn(body ?? {}, [])].map((place): IdPlace => ({ in: 'body', ...place })),
    ]
    found.set(operation.operationId, [...parameters, ...inBody])
  }
  return found
}
